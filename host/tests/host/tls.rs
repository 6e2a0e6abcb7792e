//! Encrypted connections.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use canopy_test_support::{needs, tool};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};
use tempfile::TempDir;

use crate::house;
use crate::server::{PATIENCE, Server, run};

/// Writes a file that only its owner can read.
fn write_secret(path: &Path, text: String) {
    // Anew: an existing file would keep its mode.
    let _ = fs::remove_file(path);
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Files of a certificate and its key.
struct Pair {
    folder: TempDir,
}

impl Pair {
    fn new() -> Self {
        let pair = Self {
            folder: TempDir::new().unwrap(),
        };
        pair.renew();
        pair
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// Replaces both; answers the certificate.
    fn renew(&self) -> CertificateDer<'static> {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        fs::write(self.certificate(), made.cert.pem()).unwrap();
        write_secret(&self.key(), made.signing_key.serialize_pem());
        made.cert.into()
    }

    fn serve(&self, arguments: &[&str]) -> Server {
        let (certificate, key) = (self.certificate(), self.key());
        let tls = [
            "--tls-certificate",
            certificate.to_str().unwrap(),
            "--tls-key",
            key.to_str().unwrap(),
            "--watch-interval",
            "20ms",
        ];
        Server::start(house::model(), &[&tls, arguments].concat())
    }
}

/// Asks for a path, trusting one certificate; answers the answer and the certificate shown.
fn ask(
    server: &Server,
    trusted: &CertificateDer<'static>,
    path: &str,
) -> io::Result<(String, CertificateDer<'static>)> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = server.connect();
    let mut stream = Stream::new(&mut client, &mut socket);
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    assert_eq!(client.alpn_protocol(), Some(&b"http/1.1"[..]));
    let shown = client.peer_certificates().unwrap()[0].clone();
    Ok((answer, shown.into_owned()))
}

/// The certificate that `openssl s_client` is shown.
fn shown_to(openssl: &Path, server: &Server) -> String {
    let output = Command::new(openssl)
        .args([
            "s_client",
            "-connect",
            &server.address,
            "-servername",
            "localhost",
        ])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----").unwrap();
    let (certificate, _) = rest.split_once("-----END CERTIFICATE-----").unwrap();
    certificate.split_whitespace().collect()
}

#[test]
fn a_replaced_certificate_is_shown_to_those_who_come_then() {
    let pair = Pair::new();
    let first = pair.renew();
    let server = pair.serve(&[]);
    let (answer, shown) = ask(&server, &first, "/health").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.contains("strict-transport-security: max-age="),
        "{answer}"
    );
    assert_eq!(shown, first);

    let second = pair.renew();
    server.await_log("certificate reloaded");
    let (_, shown) = ask(&server, &second, "/health").unwrap();
    assert_eq!(shown, second);
    assert!(ask(&server, &first, "/health").is_err());

    let other = Pair::new();
    fs::copy(other.key(), pair.key()).unwrap();
    server.await_log("certificate not reloaded; the previous one stays");
    assert_eq!(ask(&server, &second, "/health").unwrap().1, second);
    fs::write(pair.certificate(), "no certificate").unwrap();
    server.await_log("certificate not reloaded; the previous one stays");
    assert_eq!(ask(&server, &second, "/health").unwrap().1, second);
}

#[test]
#[ignore = "needs openssl"]
fn openssl_is_shown_a_replaced_certificate() {
    let openssl = needs!("openssl", tool("openssl", "openssl"));
    let pair = Pair::new();
    let certificate = || {
        let pem = fs::read_to_string(pair.certificate()).unwrap();
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        lines.collect::<String>()
    };
    pair.renew();
    let server = pair.serve(&[]);
    assert_eq!(shown_to(&openssl, &server), certificate());
    pair.renew();
    server.await_log("certificate reloaded");
    assert_eq!(shown_to(&openssl, &server), certificate());
}

#[test]
fn who_does_not_speak_tls_holds_up_nobody() {
    let pair = Pair::new();
    let trusted = pair.renew();
    let server = pair.serve(&["--header-timeout", "500ms"]);
    let silent: Vec<TcpStream> = (0..8).map(|_| server.connect()).collect();
    assert!(ask(&server, &trusted, "/ready").is_ok());
    for mut stream in silent {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut nothing = Vec::new();
        stream.read_to_end(&mut nothing).unwrap();
        assert!(nothing.is_empty());
    }
    let mut plain = server.connect();
    plain
        .write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert!(ask(&server, &trusted, "/health").is_ok());
}

#[test]
fn a_certificate_that_cannot_be_used_is_found_before_listening() {
    let (pair, other) = (Pair::new(), Pair::new());
    let model = house::model().to_str().unwrap();
    let (certificate, key, foreign) = (pair.certificate(), pair.key(), other.key());
    let [certificate, key, foreign] = [&certificate, &key, &foreign].map(|p| p.to_str().unwrap());
    for (certificate, key, words) in [
        (certificate, foreign, "cannot be used with the key"),
        (key, key, "there is no certificate in"),
        (
            certificate,
            "nowhere.pem",
            "the private key nowhere.pem cannot be used",
        ),
    ] {
        let tls = ["--tls-certificate", certificate, "--tls-key", key];
        let (success, _, error) = run(&[&["serve", "--model", model], &tls[..]].concat());
        assert!(!success);
        assert!(error.contains(words), "{words:?} is not in {error:?}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    fs::set_permissions(key, Permissions::from_mode(0o644)).unwrap();
    let tls = ["--tls-certificate", certificate, "--tls-key", key];
    let (success, _, error) = run(&[&["serve", "--model", model], &tls[..]].concat());
    assert!(
        !success && error.contains("every user can read it: run chmod o-r"),
        "{error}"
    );
    let (success, _, error) = run(&["serve", "--model", model, "--tls-key", key]);
    assert!(!success && error.contains("--tls-certificate"), "{error}");
}

#[test]
fn probe_and_example_trust_the_hosts_certificate_alone() {
    let (pair, other) = (Pair::new(), Pair::new());
    let folder = TempDir::new().unwrap();
    let users = folder.path().join("users.json");
    let users = users.to_str().unwrap();
    let (_, key, _) = run(&["user", "key", "ci", "--role", "predict", "--users", users]);
    let server = pair.serve(&["--users", users]);
    let (certificate, foreign) = (pair.certificate(), other.certificate());
    let [certificate, foreign] = [&certificate, &foreign].map(|path| path.to_str().unwrap());
    let ask = |command: &str, certificate: &str, more: &[&str]| {
        let address = [
            "--address",
            &server.address,
            "--tls-certificate",
            certificate,
        ];
        run(&[&[command], &address[..], more].concat())
    };
    assert!(ask("probe", certificate, &[]).0);
    let (success, _, error) = ask("probe", foreign, &[]);
    assert!(!success && error.contains("no host answers"), "{error}");
    assert!(!run(&["probe", "--address", &server.address]).0);

    let (success, _, error) = ask("example", certificate, &[]);
    assert!(!success && error.contains("401"), "{error}");
    let (success, text, error) = ask("example", certificate, &["--key", key.trim()]);
    assert!(success, "{error}");
    assert!(
        text.contains("curl https://") && text.contains("predicted_count"),
        "{text}"
    );
    assert!(!text.contains(key.trim()), "{text}");
}
