//! `canopy-evaluation` against a host whose certificate a private authority has issued.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, Stream};

/// A stub of a host with an authority of its own.
struct Host {
    url: String,
    /// The authority's certificate in PEM format.
    authority: String,
}

impl Host {
    /// Starts a host that is ready and responds with a page to every request.
    fn start() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = authority.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(authority, key);

        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let config = Arc::new(config);
        thread::spawn(move || {
            for connection in listener.incoming() {
                respond(connection.unwrap(), &config);
            }
        });
        Self {
            url,
            authority: pem,
        }
    }

    /// Saves a report with the program.
    fn save(&self, output: &Path, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_canopy-evaluation"))
            .args(["report", "--url", &self.url, "--wait", "10ms", "--output"])
            .arg(output)
            .args(arguments)
            .env("NO_PROXY", "*")
            .output()
            .unwrap()
    }
}

/// Responds to one request; a client that rejects the certificate sends none.
fn respond(mut socket: TcpStream, config: &Arc<ServerConfig>) {
    let mut connection = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut stream = Stream::new(&mut connection, &mut socket);
    let mut lines = BufReader::new(&mut stream).lines().map_while(Result::ok);
    if lines.any(|line| line.is_empty()) {
        let response = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\npage";
        stream.write_all(response).unwrap();
    }
}

#[test]
fn authority_in_the_file_is_trusted() {
    let (host, folder) = (Host::start(), tempfile::tempdir().unwrap());
    let (page, pem) = (folder.path().join("a.html"), folder.path().join("ca.pem"));
    fs::write(&pem, &host.authority).unwrap();
    let output = host.save(&page, &["--ca-certificate", pem.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read_to_string(page).unwrap(), "page");
}

#[test]
fn unknown_authority_is_not_trusted() {
    let (host, folder) = (Host::start(), tempfile::tempdir().unwrap());
    let output = host.save(&folder.path().join("a.html"), &[]);
    let shown = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(shown.contains("peer certificate"), "{shown}");
    assert!(shown.contains("with --ca-certificate"), "{shown}");
}

#[test]
fn file_without_a_certificate_is_an_error() {
    let (host, folder) = (Host::start(), tempfile::tempdir().unwrap());
    let pem = folder.path().join("ca.pem");
    for (content, problem) in [
        (None, "cannot read the CA certificate "),
        (
            Some("none"),
            "expected a file with a line -----BEGIN CERTIFICATE-----",
        ),
    ] {
        if let Some(content) = content {
            fs::write(&pem, content).unwrap();
        }
        let arguments = ["--ca-certificate", pem.to_str().unwrap()];
        let output = host.save(&folder.path().join("a.html"), &arguments);
        let shown = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(shown.contains(problem), "{shown}");
    }
}
