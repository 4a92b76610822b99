//! The kinds of warnings, in words.

use crate::settings::MAX_SERVERS;
use crate::wrong::{Quoted, Wrong};

/// What works and is probably not what was meant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Caution {
    /// We accept the parameter and do not act on it.
    #[error("accepted, but without effect: {reason}")]
    NoEffect {
        /// Why not.
        reason: &'static str,
    },
    /// Trap F1: the selector is the base name of the path, whatever it looks like.
    #[error(
        "the selector {selector} is the name of the key's file, ending included: the key has to be \
         published at {selector}._domainkey; if that is not so, name the selector, or link the file"
    )]
    SelectorWithEnding {
        /// The selector.
        selector: String,
    },
    /// A list of domains that is probably the name of one.
    #[error("{path} is taken for a domain, but is the name of a file; a list's path begins with /")]
    DomainLikeFile {
        /// The value.
        path: Quoted,
    },
    /// Trap F6: a list replaces the default.
    #[error("127.0.0.1 is not in the list: mail that this host itself submits will not be signed")]
    LoopbackMissing,
    /// A list of internal hosts without any.
    #[error("nobody is in the list: no mail will be signed but that of authenticated clients")]
    NobodyInternal,
    /// The file has signing entries, the command line says otherwise.
    #[error("the signing options of the command line replace the entries of the file")]
    FileRulesReplaced,
    /// A pattern of a historic list cannot match; the line is skipped.
    #[error("line skipped: {wrong}")]
    LineSkipped {
        /// Why it cannot.
        wrong: Box<Wrong>,
    },
    /// An entry of a historic list that never matched anything.
    #[error("entry skipped: {wrong}")]
    EntrySkipped {
        /// Why it cannot match.
        wrong: Box<Wrong>,
    },
    /// Fields behind those of a key list's line.
    #[error("without effect: {fields}, behind the name of the key")]
    FieldsUnused {
        /// What they say.
        fields: Quoted,
    },
    /// The key list names a selector for each key.
    #[error("without effect: the selectors of a key list are the names of its files")]
    SelectorUnused,
    /// A rule's domain is none that its senders could belong to.
    #[error(
        "no sender of this entry can be in {domain} or below: its DomainKeys seal cannot be made, \
         and DMARC will not count its DKIM seal"
    )]
    ForeignDomain {
        /// The signing domain.
        domain: twinseal_message::Domain,
    },
    /// Some senders of a rule are in no domain that it may sign for.
    #[error(
        "no sender that {pattern} matches can be in {domain} or below: DomainKeys will not sign \
         for it, and DMARC will not count the DKIM seal"
    )]
    ForeignSender {
        /// The pattern.
        pattern: Quoted,
        /// The signing domain.
        domain: twinseal_message::Domain,
    },
    /// One domain signs for all others.
    #[error(
        "{pattern} matches senders of every domain, and {domain} signs for all of them: DMARC \
         counts that for {domain} and below only"
    )]
    EveryDomain {
        /// The pattern.
        pattern: Quoted,
        /// The signing domain.
        domain: twinseal_message::Domain,
    },
    /// A star that is not a label of its own.
    #[error(
        "{pattern} also matches {stranger}: a star stands for any characters; everything below a \
         domain is written with a dot behind the star"
    )]
    Stranger {
        /// The pattern.
        pattern: Quoted,
        /// A domain that it lets in.
        stranger: String,
    },
    /// The outage of those who came to `dkim-filter`: a key list that forgets a domain.
    #[error("no line of the key list can match a sender in {domain}: nothing signs its mail")]
    DomainWithoutLine {
        /// The domain.
        domain: twinseal_message::Domain,
    },
    /// The same in `dkim-filter`, which does not let such mail pass.
    #[error(
        "no line of the key list can match a sender in {domain}: its mail is deferred, with \"no \
         key selected for signing\""
    )]
    DomainDeferred {
        /// The domain.
        domain: twinseal_message::Domain,
    },
    /// Somebody else has to remove them.
    #[error(
        "Authentication-Results that strangers write in our name are not removed: who reads them \
         believes anybody, unless another program removes them"
    )]
    ForgeriesStay,
    /// Nothing is named that could sign.
    #[error(
        "no mail is signed: neither KeyTable and SigningTable are named, nor Domain, KeyFile and Selector"
    )]
    SignsNothing,
    /// A key of which no domain makes use.
    #[error("without effect: no Domain is named, and no mail is signed")]
    NoDomain,
    /// A key beside a key list.
    #[error("without effect: a key list takes its place")]
    KeyUnused,
    /// Words behind the one that counts.
    #[error("without effect from {words} on: only the first word behind a name is its value")]
    WordsUnused {
        /// What follows the value.
        words: Quoted,
    },
    /// A number of permissions that does not begin with a zero.
    #[error("{found} is decimal, which makes it {octal:03o}; octal numbers begin with a 0")]
    DecimalBits {
        /// The value.
        found: Quoted,
        /// Its bits.
        octal: u32,
    },
    /// A line of a key list that the list of domains leaves nothing of.
    #[error(
        "no sender that {pattern} matches can be in a domain that -d lists: this line signs nothing"
    )]
    LineOutside {
        /// The pattern.
        pattern: Quoted,
    },
    /// A line of a key list for senders who count as those of a parent domain.
    #[error(
        "senders in {domain} count as senders in {parent}, which is listed: {pattern} matches \
         nobody, and this line signs nothing"
    )]
    LineBelow {
        /// The pattern.
        pattern: Quoted,
        /// The domain of its senders.
        domain: twinseal_message::Domain,
        /// The listed parent.
        parent: twinseal_message::Domain,
    },
    /// Mail of this host itself is none of our business.
    #[error("127.0.0.1 is in the list: mail that this host itself submits will not be signed")]
    LoopbackIsPeer,
    /// An exception that a later entry takes back.
    #[error("without effect: {wider} stands behind it, and the last entry that matches decides")]
    DeadException {
        /// The later entry.
        wider: String,
    },
    /// A list that everybody is in.
    #[error("{entry} is every address that there is")]
    EveryAddress {
        /// The entry.
        entry: Quoted,
    },
    /// An address with a size is the network around it.
    #[error("{entry} is the whole network {network}")]
    HostBits {
        /// The entry.
        entry: Quoted,
        /// The network.
        network: String,
    },
    /// There are more warnings than are kept.
    #[error("and {count} warnings more")]
    More {
        /// How many.
        count: usize,
    },
    /// A parameter that had another name.
    #[error("it is called {name} by now")]
    Renamed {
        /// Its name.
        name: &'static str,
    },
    /// An option that only says how a message is tried out.
    #[error("without effect: it belongs to -t")]
    OnlyWithTrial,
    /// A program that is to be run is missing.
    #[error("{command} is not there: no report can be sent")]
    NoCommand {
        /// The program.
        command: Quoted,
    },
    /// A limit that nobody can do without, or as large as that.
    #[error("there has to be a limit, and {limit} is the largest")]
    Limited {
        /// The limit.
        limit: String,
    },
    /// RFC 8301 §3.2: a shorter key never counts.
    #[error("keys of less than {bits} bits never count, whatever stands here")]
    ShortKeys {
        /// The limit.
        bits: u16,
    },
    /// Keys that most of the world has are not good enough.
    #[error("most domains have keys of 2048 bits or less: signatures by those will not count")]
    LongKeys,
    /// An action that loses mail.
    #[error(
        "nobody is told of mail that is discarded, neither who sent it nor who waits for it; \
         reject tells the sender"
    )]
    Discards,
    /// An action that nothing changes the reason of.
    #[error(
        "the sender will try again for days, and nothing will have changed; reject tells him at \
         once"
    )]
    DefersInVain,
    /// Servers beyond those that there is time for.
    #[error("only the first {MAX_SERVERS} of them are asked")]
    ServersNotAsked,
    /// An action that makes a passing trouble a lasting loss.
    #[error(
        "what is the matter passes by itself, and the mail that came meanwhile is lost for good; \
         tempfail keeps it"
    )]
    BouncesForNow,
    /// An action that gives our own users' mail back to them.
    #[error("mail of our own users goes back to them when a key is broken; tempfail keeps it")]
    BouncesOwn,
    /// RFC 5617 is historic, and mailing lists never obeyed it.
    #[error(
        "ADSP is a thing of the past: of domains that still publish it, mail that came through a \
         mailing list is rejected too"
    )]
    RejectsByPolicy,
    /// RFC 8301 §3.1: nobody may sign with SHA-1.
    #[error(
        "no verifier of today lets a signature with rsa-sha1 pass: signatures are made with \
         rsa-sha256"
    )]
    NeverSha1,
    /// RFC 6376 §8.2: a body of which a part is signed.
    #[error(
        "anybody can add to the body of a message that is signed like this, and the signature \
         stays valid"
    )]
    PartOfBody,
    /// A signature over what the message is not yet.
    #[error(
        "a message with a bare CR or LF has a signature that fails unless something behind us \
         makes them CRLF"
    )]
    MendedByOthers,
    /// No domain and no key is named where others would verify.
    #[error("nothing is signed and nothing verified: no domain (-d) and no key (-s, -S) is named")]
    NothingSigned,
    /// It goes to the background, and its log to standard error.
    #[error("in the background, the log goes nowhere: it needs syslog or journald")]
    NobodyListens,
    /// The mode of a door that never verifies.
    #[error("DomainKeys is never verified: it acts as with -b s, what arrives passes as it is")]
    OnlySigns,
    /// Trap O6: without -H, dk-filter named no fields and signed everything below.
    #[error(
        "the DomainKeys seal names the header fields that it covers, as with -H: without that it \
         would not survive the MTA's own Received field"
    )]
    NamesHeaders,
}

impl Caution {
    /// Whether nothing is to be done about it: it tells how something is done here in any case.
    #[must_use]
    pub const fn is_notice(&self) -> bool {
        matches!(
            self,
            Self::NoEffect { .. }
                | Self::Renamed { .. }
                | Self::NeverSha1
                | Self::NamesHeaders
                | Self::OnlySigns
                | Self::OnlyWithTrial
        )
    }
}
