//! A DNS server that answers as it is told: late, never, wrongly, too much. It knows nothing but
//! what a script says for each name, and counts what it is asked.
//!
//! Written on sockets alone: what is right and wrong in a message is decided here, octet by octet,
//! and not by a library that might be the one under test.

mod wire;

use crate::net::PATIENCE;
use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use wire::Question;

/// What a name gets for an answer.
#[derive(Debug, Clone)]
pub struct Reply {
    code: u8,
    authentic: bool,
    answers: Vec<Record>,
    /// The minimum of the SOA record in the authority section, in seconds.
    negative: Option<u32>,
    delay: Duration,
    datagram: Datagram,
    stream: Stream,
    /// What questions with EDNS get, where that is something else.
    to_edns: Option<u8>,
}

/// A record of an answer.
#[derive(Debug, Clone)]
pub struct Record {
    /// Whose it is, without a dot at the end.
    pub owner: String,
    /// For how long it holds, in seconds.
    pub seconds: u32,
    /// What is in it.
    pub data: Data,
}

/// What is in a record.
#[derive(Debug, Clone)]
pub enum Data {
    /// The strings of a TXT record; none is longer than 255 octets.
    Txt(Vec<Vec<u8>>),
    /// An alias.
    Cname(String),
    /// An alias for all that is below.
    Dname(String),
    /// A signature that nobody can check.
    Rrsig,
}

/// What comes back over UDP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Datagram {
    /// The answer.
    Answer,
    /// Nothing.
    Silence,
    /// The question, marked as truncated.
    Truncated,
    /// These octets, behind the right id.
    Garbage(Vec<u8>),
    /// These octets, with no id before them.
    Noise(Vec<u8>),
    /// Before the answer: SERVFAIL with a wrong id, and for another question.
    ForgeriesFirst,
    /// The answer, with the letters of the question in lower case.
    LowerCase,
}

/// What comes back over TCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stream {
    /// The answer.
    Answer,
    /// Nothing; the connection stays open.
    Silence,
    /// The connection is closed.
    Closed,
    /// Half of the answer, and then the connection is closed.
    Half,
    /// These octets, as they are.
    Garbage(Vec<u8>),
}

/// The codes of answers (RFC 1035).
pub mod code {
    /// There is an answer.
    pub const NO_ERROR: u8 = 0;
    /// The question cannot be understood.
    pub const FORMERR: u8 = 1;
    /// The server failed.
    pub const SERVFAIL: u8 = 2;
    /// The name does not exist.
    pub const NXDOMAIN: u8 = 3;
    /// The server does not know such questions.
    pub const NOTIMP: u8 = 4;
    /// The server does not want to.
    pub const REFUSED: u8 = 5;
}

impl Reply {
    /// The code alone.
    pub fn code(code: u8) -> Self {
        Self {
            code,
            authentic: false,
            answers: Vec::new(),
            negative: None,
            delay: Duration::ZERO,
            datagram: Datagram::Answer,
            stream: Stream::Answer,
            to_edns: None,
        }
    }

    /// Records, in this order.
    pub fn records(answers: impl IntoIterator<Item = Record>) -> Self {
        Self { answers: answers.into_iter().collect(), ..Self::code(code::NO_ERROR) }
    }

    /// One TXT record of that name, which holds for a minute.
    pub fn txt(owner: &str, text: &str) -> Self {
        Self::records([Record::txt(owner, text)])
    }

    /// With an SOA record that has this minimum, in seconds.
    pub fn with_soa(self, minimum: u32) -> Self {
        Self { negative: Some(minimum), ..self }
    }

    /// With that code.
    pub fn with_code(self, code: u8) -> Self {
        Self { code, ..self }
    }

    /// With the AD bit, for who asks with it.
    pub fn authentic(self) -> Self {
        Self { authentic: true, ..self }
    }

    /// After so long.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// Over UDP like this.
    pub fn over_udp(self, datagram: Datagram) -> Self {
        Self { datagram, ..self }
    }

    /// Over TCP like this.
    pub fn over_tcp(self, stream: Stream) -> Self {
        Self { stream, ..self }
    }

    /// That code, and nothing else, for questions with EDNS.
    pub fn without_edns(self, code: u8) -> Self {
        Self { to_edns: Some(code), ..self }
    }
}

impl Record {
    /// A record that holds for a minute.
    pub fn new(owner: &str, data: Data) -> Self {
        Self { owner: owner.to_owned(), seconds: 60, data }
    }

    /// A TXT record, in strings of 255 octets, that holds for a minute.
    pub fn txt(owner: &str, text: &str) -> Self {
        Self::new(owner, Data::Txt(text.as_bytes().chunks(255).map(<[u8]>::to_vec).collect()))
    }

    /// An alias that holds for a minute.
    pub fn cname(owner: &str, target: &str) -> Self {
        Self::new(owner, Data::Cname(target.to_owned()))
    }

    /// For so many seconds.
    pub fn holds(self, seconds: u32) -> Self {
        Self { seconds, ..self }
    }
}

/// A running server; it is stopped when dropped.
#[derive(Debug)]
pub struct HostileDns {
    address: SocketAddr,
    shared: Arc<Shared>,
    has_tcp: bool,
}

#[derive(Debug, Default)]
struct Shared {
    script: Mutex<HashMap<String, Reply>>,
    asked: Mutex<HashMap<(String, Transport), usize>>,
    over: AtomicBool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Transport {
    Udp,
    Tcp,
}

impl HostileDns {
    /// Starts one. What is not in the script does not exist, for a minute.
    pub fn start<'n>(script: impl IntoIterator<Item = (&'n str, Reply)>) -> Self {
        let (udp, tcp) = sockets();
        Self::with(script, udp, Some(tcp))
    }

    /// The same; nobody listens for TCP.
    pub fn without_tcp<'n>(script: impl IntoIterator<Item = (&'n str, Reply)>) -> Self {
        let (udp, tcp) = sockets();
        drop(tcp);
        Self::with(script, udp, None)
    }

    fn with<'n>(
        script: impl IntoIterator<Item = (&'n str, Reply)>,
        udp: UdpSocket,
        tcp: Option<TcpListener>,
    ) -> Self {
        let address = udp.local_addr().expect("its port");
        let shared = Arc::new(Shared::default());
        let server = Self { address, shared: Arc::clone(&shared), has_tcp: tcp.is_some() };
        for (name, reply) in script {
            server.set(name, reply);
        }
        let of_udp = Arc::clone(&shared);
        thread::spawn(move || serve_udp(&udp, &of_udp));
        if let Some(tcp) = tcp {
            thread::spawn(move || serve_tcp(&tcp, &shared));
        }
        server
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, this for that name.
    pub fn set(&self, name: &str, reply: Reply) {
        lock(&self.shared.script).insert(name.to_ascii_lowercase(), reply);
    }

    /// How often it was asked for that name.
    pub fn asked(&self, name: &str) -> usize {
        self.count(name, Transport::Udp) + self.asked_over_tcp(name)
    }

    /// The same, over TCP only.
    pub fn asked_over_tcp(&self, name: &str) -> usize {
        self.count(name, Transport::Tcp)
    }

    fn count(&self, name: &str, transport: Transport) -> usize {
        let key = (name.to_ascii_lowercase(), transport);
        lock(&self.shared.asked).get(&key).copied().unwrap_or(0)
    }
}

impl Drop for HostileDns {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // Both wait for somebody.
        if let Ok(socket) = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)) {
            let _ = socket.send_to(&[], self.address);
        }
        if self.has_tcp {
            let _ = TcpStream::connect(self.address);
        }
    }
}

impl Shared {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// The question in a message, counted, and what to say to it.
    fn take(&self, message: &[u8], transport: Transport) -> Option<(Question, Reply)> {
        let question = Question::parse(message)?;
        let name = question.name();
        *lock(&self.asked).entry((name.clone(), transport)).or_default() += 1;
        let unknown = || Reply::code(code::NXDOMAIN).with_soa(60);
        let reply = lock(&self.script).get(&name).cloned().unwrap_or_else(unknown);
        let instead = reply.to_edns.filter(|_| question.has_edns).map(Reply::code);
        Some((question, instead.unwrap_or(reply)))
    }
}

fn serve_udp(socket: &UdpSocket, shared: &Arc<Shared>) {
    let mut message = [0; 4096];
    while let Ok((length, client)) = socket.recv_from(&mut message) {
        if shared.is_over() {
            return;
        }
        let Some((question, reply)) = shared.take(&message[..length], Transport::Udp) else {
            continue;
        };
        let Ok(socket) = socket.try_clone() else { return };
        thread::spawn(move || {
            thread::sleep(reply.delay);
            for datagram in datagrams(&question, &reply) {
                let _ = socket.send_to(&datagram, client);
            }
        });
    }
}

fn datagrams(question: &Question, reply: &Reply) -> Vec<Vec<u8>> {
    let answer = || question.answered(reply);
    match &reply.datagram {
        Datagram::Answer => vec![answer()],
        Datagram::Silence => Vec::new(),
        Datagram::Truncated => vec![question.truncated()],
        Datagram::Garbage(octets) => vec![[&question.id[..], octets].concat()],
        Datagram::Noise(octets) => vec![octets.clone()],
        Datagram::ForgeriesFirst => {
            let forged = Reply::code(code::SERVFAIL);
            let other_id = question.with_another_id().answered(&forged);
            let other_question = question.with_another_name().answered(&forged);
            vec![other_id, other_question, answer()]
        }
        Datagram::LowerCase => vec![question.in_lower_case().answered(reply)],
    }
}

fn serve_tcp(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.is_over() {
            return;
        }
        let (Ok(stream), shared) = (stream, Arc::clone(shared)) else { continue };
        thread::spawn(move || converse(stream, &shared));
    }
}

fn converse(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message)?;
    let Some((question, reply)) = shared.take(&message, Transport::Tcp) else { return Ok(()) };
    thread::sleep(reply.delay);
    let framed = wire::framed(&question.answered(&reply));
    match &reply.stream {
        Stream::Answer => stream.write_all(&framed),
        // Until the other side has enough.
        Stream::Silence => stream.read(&mut [0]).map(drop),
        Stream::Closed => Ok(()),
        Stream::Half => stream.write_all(&framed[..framed.len() / 2]),
        Stream::Garbage(octets) => stream.write_all(octets),
    }
}

/// Both on one port.
fn sockets() -> (UdpSocket, TcpListener) {
    let pair = || {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
        let udp = UdpSocket::bind(tcp.local_addr().ok()?).ok()?;
        Some((udp, tcp))
    };
    (0..50).find_map(|_| pair()).expect("a port that is free for UDP and TCP")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
