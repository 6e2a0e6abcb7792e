//! Compression of responses.

use std::io::Read as _;

use crate::server::Server;

fn accept(encodings: &str) -> [(&str, &str); 1] {
    [("accept-encoding", encodings)]
}

#[test]
fn a_large_answer_is_compressed_as_the_client_prefers() {
    let server = Server::start(&[]);
    let plain = server.get("/text", &[]);
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.body.len(), 100_000);
    // Tells caches that there are other encodings.
    assert_eq!(plain.all("vary"), "accept-encoding");
    for (accepted, encoding) in [
        ("gzip", Some("gzip")),
        ("zstd", Some("zstd")),
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("zstd;q=0.5, gzip", Some("gzip")),
        ("gzip;q=0.5, zstd;q=0.4", Some("gzip")),
        ("gzip;q=0", None),
        ("br, deflate", None),
        ("identity", None),
        ("nonsense;;", None),
    ] {
        let answer = server.get("/text", &accept(accepted));
        assert_eq!(answer.header("content-encoding"), encoding, "{accepted}");
        assert_eq!(answer.all("vary"), "accept-encoding", "{accepted}");
        let text = match encoding {
            None => answer.body,
            Some(encoding) => {
                assert!(answer.body.len() < 10_000, "{accepted}");
                decompressed(encoding, &answer.body)
            }
        };
        assert_eq!(text, plain.body, "{accepted}");
    }
}

fn decompressed(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let read = match encoding {
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text),
        _ => zstd::stream::copy_decode(bytes, &mut text).map(|()| text.len()),
    };
    read.unwrap();
    text
}

#[test]
fn what_the_background_pool_compresses_has_its_length() {
    let server = Server::start(&[]);
    for encoding in ["gzip", "zstd"] {
        let answer = server.send(("POST", "/batch"), &accept(encoding), "");
        assert_eq!(answer.header("content-encoding"), Some(encoding));
        let length = answer.body.len().to_string();
        assert_eq!(answer.header("content-length"), Some(length.as_str()));
        assert_eq!(decompressed(encoding, &answer.body).len(), 100_000);
    }
    let plain = server.send(("POST", "/batch"), &[], "");
    assert_eq!(plain.body.len(), 100_000);
}

#[test]
fn small_answers_and_those_of_fast_calls_are_sent_as_they_are() {
    let server = Server::start(&[]);
    for (method, path) in [("GET", "/open"), ("GET", "/small"), ("POST", "/fast")] {
        let answer = server.send((method, path), &accept("gzip, zstd"), "");
        assert_eq!(answer.header("content-encoding"), None, "{path}");
        assert_eq!(answer.header("vary"), None, "{path}");
        let length = answer.body.len().to_string();
        assert_eq!(answer.header("content-length"), Some(length.as_str()));
    }
}

#[test]
fn the_headers_of_a_compressed_answer_are_those_of_its_head() {
    let server = Server::start(&[]);
    let mut connection = server.connect();
    for method in ["HEAD", "GET", "HEAD"] {
        connection.send(&format!(
            "{method} /text HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\n\r\n"
        ));
        let answer = connection.answer(method);
        assert_eq!(answer.header("content-encoding"), Some("gzip"), "{method}");
        assert_eq!(answer.header("content-length"), None, "{method}");
        assert_eq!(answer.body.is_empty(), method == "HEAD");
    }
}
