use super::*;
use crate::client::{Command, Modification, Reply, Verdict};
use crate::event::{ClientAddress, ConnectInfo};
use crate::negotiation::{Offer, WantedStages};
use crate::testing::{Answers, Filter, encoded, replies};
use crate::wire::{Actions, CommandKind, FieldError, Limits, Steps};

mod conversations;
mod mistakes;
mod random;

const CLIENT: ConnectInfo<'_> = ConnectInfo {
    hostname: b"mx.example.com",
    address: ClientAddress::Inet(std::net::SocketAddr::new(
        std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)),
        25,
    )),
};

const OFFER: Command<'_> = Command::Negotiate(Offer::USUAL);
const CONNECT: Command<'_> = Command::Connect(CLIENT);
const MAIL: Command<'_> = Command::Mail(b"<a@example.com>", &[b"SIZE=10"]);
const HEADER: Command<'_> = Command::Header(b"Subject", b" x");
const END: Command<'_> = Command::EndOfBody(b"");

const CONTINUE: Reply = Reply::Verdict(Verdict::Continue);
const ACCEPT: Reply = Reply::Verdict(Verdict::Accept);

/// A message as an SMTP client makes the MTA show it.
const MESSAGE: [Command<'_>; 7] = [
    MAIL,
    Command::Recipient(b"<b@example.org>", &[]),
    Command::Data,
    HEADER,
    Command::EndOfHeaders,
    Command::Body(b"text\r\n"),
    END,
];

fn after(commands: &[Command<'_>]) -> Filter {
    let mut filter = Filter::new(Options::default());
    filter.feed(&encoded(commands)).unwrap();
    let _ = filter.session.take_output();
    filter.seen.clear();
    filter
}
