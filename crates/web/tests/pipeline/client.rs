//! A client that exposes every byte of a response.

use std::io::{BufRead as _, BufReader, Error, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use socket2::{Domain, Socket, Type};

/// Timeout of everything that a test waits for.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// A connection to a server.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        Self(BufReader::new(stream))
    }

    /// A connection from another address of this machine than those of [`Self::open`].
    pub(crate) fn open_from_elsewhere(address: SocketAddr) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let elsewhere = SocketAddr::from(([127, 0, 0, 2], 0));
        socket.bind(&elsewhere.into()).unwrap();
        socket.connect(&address.into()).unwrap();
        socket.set_read_timeout(Some(TIMEOUT)).unwrap();
        Self(BufReader::new(socket.into()))
    }

    /// Sends text; returns whether the server still accepts it.
    pub(crate) fn send(&mut self, text: &str) -> bool {
        self.0.get_mut().write_all(text.as_bytes()).is_ok()
    }

    /// Sends a request without a body.
    pub(crate) fn request(&mut self, method: &str, path: &str) -> bool {
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\n\r\n"
        ))
    }

    /// Sends a request without a body and reads the response.
    pub(crate) fn ask(&mut self, method: &str, path: &str) -> Answer {
        assert!(self.request(method, path));
        self.answer(method)
    }

    /// Reads the response to a request with this method.
    pub(crate) fn answer(&mut self, method: &str) -> Answer {
        self.try_answer(method).unwrap()
    }

    /// Like [`Self::answer`]; `None` if the connection ends before a response begins.
    pub(crate) fn try_answer(&mut self, method: &str) -> Option<Answer> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line().unwrap();
            let Some((name, value)) = line.split_once(": ") else {
                break;
            };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        let has_none = method == "HEAD" || status < 200 || [204, 304].contains(&status);
        if answer.header("transfer-encoding") == Some("chunked") && !has_none {
            while let size @ 1.. = usize::from_str_radix(&self.line().unwrap(), 16).unwrap() {
                answer.body.extend(self.bytes(size));
                self.line().unwrap();
            }
            self.line().unwrap();
        } else if !has_none {
            let length = answer.header("content-length").unwrap().parse().unwrap();
            answer.body = self.bytes(length);
        }
        Some(answer)
    }

    /// Reads at most `most` bytes of whatever has arrived; `None` at the end of the connection.
    pub(crate) fn read_some(&mut self, most: usize) -> Option<usize> {
        let mut buffer = vec![0; most];
        match self.0.read(&mut buffer) {
            Ok(0) => None,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => None,
            read => Some(read.unwrap()),
        }
    }

    /// Waits until the server closes the connection; asserts that nothing arrives before.
    pub(crate) fn wait_for_end(&mut self) {
        let mut rest = Vec::new();
        let end = self.0.read_to_end(&mut rest);
        let is_reset = |error: &Error| error.kind() == ErrorKind::ConnectionReset;
        assert!(end.as_ref().err().is_none_or(is_reset), "{end:?}");
        assert!(rest.is_empty(), "{rest:?}");
    }

    /// Whether anything arrives, or the connection ends, within `time`.
    pub(crate) fn hears_within(&mut self, time: Duration) -> bool {
        self.0.get_ref().set_read_timeout(Some(time)).unwrap();
        let heard = self.0.fill_buf().is_ok();
        self.0.get_ref().set_read_timeout(Some(TIMEOUT)).unwrap();
        heard
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            Ok(0) => None,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => None,
            read => {
                read.unwrap();
                assert!(line.ends_with("\r\n"), "{line:?} is cut off");
                line.truncate(line.len() - 2);
                Some(line)
            }
        }
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }
}

/// A response as received.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// All values of a header, comma-separated.
    pub(crate) fn all(&self, name: &str) -> String {
        let values = self.headers.iter().filter(|(it, _)| it == name);
        let values: Vec<&str> = values.map(|(_, value)| value.as_str()).collect();
        values.join(", ")
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(it, _)| it == name)?;
        Some(value)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}
