//! One question to one server: UDP, then TCP where the answer is too long for it.

use hickory_net::NetError;
use hickory_net::proto::op::{
    DnsRequest, DnsRequestOptions, DnsResponse, Message, Query, ResponseCode,
};
use hickory_net::proto::rr::{Name, RecordType};
use hickory_net::runtime::{DnsUdpSocket, RuntimeProvider, TokioRuntimeProvider, TokioTime};
use hickory_net::udp::UdpClientStream;
use hickory_net::xfer::{DnsRequestSender, FirstAnswer};
use nix::sys::socket::{MsgFlags, recv};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::{TcpStream, UdpSocket};
use twinseal_dkim::LookupFailure;

/// What is asked of a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) name: Name,
    pub(super) kind: RecordType,
    /// Whether the server is to find out elsewhere what it does not know itself.
    pub(super) recursion: bool,
}

impl Question {
    /// For the TXT records at a name, wherever they are.
    pub(super) const fn texts(name: Name) -> Self {
        Self { name, kind: RecordType::TXT, recursion: true }
    }
}

/// Asks one server: one datagram, and a connection where the answer does not fit into one, or what
/// comes instead cannot be read. What comes back answers the question: its code says that the name
/// is there, or that it is not.
///
/// Takes no longer than `timeout`.
///
/// # Errors
/// [`LookupFailure::Unusable`] when nobody listens there, or what came cannot be read: asking again
/// at once would get the same. Datagrams that do not answer our question (another id, another
/// question) may come from anybody, and are passed over; then it is a [`LookupFailure::Timeout`].
pub(super) async fn ask(
    server: SocketAddr,
    question: &Question,
    timeout: Duration,
) -> Result<Message, LookupFailure> {
    let exchange = async {
        let reply = ask_with(server, question, Edns::Offered, timeout).await?;
        // RFC 6891 §6.2.2: who answers so may be too old for EDNS.
        if matches!(reply.response_code, ResponseCode::FormErr | ResponseCode::NotImp) {
            return ask_with(server, question, Edns::Left, timeout).await;
        }
        Ok(reply)
    };
    match tokio::time::timeout(timeout, exchange).await {
        Ok(reply) => judged(reply?),
        Err(_) => Err(LookupFailure::Timeout),
    }
}

/// What the server's code means (trap H17).
fn judged(reply: Message) -> Result<Message, LookupFailure> {
    let code = reply.response_code;
    if matches!(code, ResponseCode::NoError | ResponseCode::NXDomain) {
        Ok(reply)
    } else if code == ResponseCode::ServFail {
        Err(LookupFailure::ServerFailure)
    } else {
        // REFUSED, NOTIMP, FORMERR, and all that is no answer to a question.
        Err(LookupFailure::Refused)
    }
}

/// Whether the question says that we understand EDNS (RFC 6891).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edns {
    Offered,
    Left,
}

async fn ask_with(
    server: SocketAddr,
    question: &Question,
    edns: Edns,
    timeout: Duration,
) -> Result<Message, LookupFailure> {
    match over_udp(server, request(question, edns, Letters::Random), timeout).await {
        Ok(reply) if !reply.truncation => return Ok(reply.into_message()),
        Err(NetError::Timeout) => return Err(LookupFailure::Timeout),
        Err(NetError::Io(_)) => return Err(LookupFailure::Unusable),
        // Truncated; or longer than was asked for, and cut; or with the letters in another case, by
        // a forger or by a server that changes them. Over TCP nothing is cut, and a forger has no
        // part.
        Ok(_) | Err(_) => {}
    }
    over_tcp(server, &request(question, edns, Letters::AsTheyAre)).await
}

/// Whether the letters of the name are capitalized at random: the server returns them as they came,
/// so that somebody who forges answers has to guess them too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letters {
    Random,
    AsTheyAre,
}

fn request(question: &Question, edns: Edns, letters: Letters) -> DnsRequest {
    let mut options = DnsRequestOptions::default();
    options.use_edns = edns == Edns::Offered;
    options.case_randomization = letters == Letters::Random;
    options.recursion_desired = question.recursion;
    let query = Query::query(question.name.clone(), question.kind);
    let mut request = DnsRequest::from_query(query, options);
    // RFC 6840 §5.7: in a question it asks to be told whether the answer is proved.
    request.metadata.authentic_data = true;
    request
}

async fn over_udp(
    server: SocketAddr,
    request: DnsRequest,
    timeout: Duration,
) -> Result<DnsResponse, NetError> {
    let mut stream = UdpClientStream::builder(server, Connecting::default())
        .with_timeout(Some(timeout))
        // The datagram is sent once: who asks again, and whom, is decided elsewhere.
        .with_max_retries(1)
        .build();
    stream.send_message(request).first_answer().await
}

/// RFC 1035 §4.2.2: both ways the message stands behind its length.
async fn over_tcp(server: SocketAddr, request: &DnsRequest) -> Result<Message, LookupFailure> {
    let unusable = |_: io::Error| LookupFailure::Unusable;
    let question = request.to_vec().map_err(|_| LookupFailure::Unusable)?;
    let length = u16::try_from(question.len()).map_err(|_| LookupFailure::Unusable)?;
    let mut stream = TcpStream::connect(server).await.map_err(unusable)?;
    let framed = [&length.to_be_bytes(), &*question].concat();
    stream.write_all(&framed).await.map_err(unusable)?;
    let length = stream.read_u16().await.map_err(unusable)?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await.map_err(unusable)?;
    let reply = DnsResponse::from_buffer(answer).map_err(|_| LookupFailure::Unusable)?;
    let ours = reply.id == request.id && reply.queries == request.queries;
    if ours && !reply.truncation { Ok(reply.into_message()) } else { Err(LookupFailure::Unusable) }
}

/// Datagram sockets that are connected: the system then says at once that nobody listens, where an
/// unconnected one waits in vain, and drops what others send.
#[derive(Clone, Default)]
struct Connecting(TokioRuntimeProvider);

struct Connected(UdpSocket, SocketAddr);

impl RuntimeProvider for Connecting {
    type Handle = <TokioRuntimeProvider as RuntimeProvider>::Handle;
    type Timer = <TokioRuntimeProvider as RuntimeProvider>::Timer;
    type Udp = Connected;
    type Tcp = <TokioRuntimeProvider as RuntimeProvider>::Tcp;

    fn create_handle(&self) -> Self::Handle {
        self.0.create_handle()
    }

    fn connect_tcp(
        &self,
        server: SocketAddr,
        local: Option<SocketAddr>,
        timeout: Option<Duration>,
    ) -> Pin<Box<dyn Future<Output = io::Result<Self::Tcp>> + Send>> {
        self.0.connect_tcp(server, local, timeout)
    }

    fn bind_udp(
        &self,
        local: SocketAddr,
        server: SocketAddr,
    ) -> Pin<Box<dyn Future<Output = io::Result<Self::Udp>> + Send>> {
        Box::pin(async move {
            let socket = UdpSocket::bind(local).await?;
            socket.connect(server).await?;
            Ok(Connected(socket, server))
        })
    }
}

impl DnsUdpSocket for Connected {
    type Time = TokioTime;

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let mut buf = tokio::io::ReadBuf::new(buf);
        self.0.poll_recv(cx, &mut buf).map_ok(|()| (buf.filled().len(), self.1))
    }

    /// Beside datagrams this waits for errors, which alone make no socket readable: that nobody
    /// listens is one.
    fn recv_from<'s, 'b, 'f>(
        &'s self,
        buf: &'b mut [u8],
    ) -> Pin<Box<dyn Future<Output = io::Result<(usize, SocketAddr)>> + Send + 'f>>
    where
        's: 'f,
        'b: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let something = Interest::READABLE | Interest::ERROR;
            let receive = || Ok(recv(self.0.as_raw_fd(), buf, MsgFlags::empty())?);
            let octets = self.0.async_io(something, receive).await?;
            Ok((octets, self.1))
        })
    }

    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        _: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.0.poll_send(cx, buf)
    }
}
