//! A host that a proxy publishes under a path.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use canopy_test_support::{needs, script};
use serde_json::Value;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::history::evaluate;
use crate::house;
use crate::server::{PATIENCE, Server};

/// A host that is published under `/ml`.
fn host() -> Server {
    Server::start(house::model(), &["--root-path", "/ml"])
}

#[test]
fn links_of_answers_have_the_prefix_and_requests_may() {
    let server = host();
    for path in ["/model", "/ml/model", "/ml/docs/", "/ml/console/main.js"] {
        assert_eq!(server.get(path).status(), 200, "{path}");
    }
    let document: Value = server.get("/ml/openapi.json").json().unwrap();
    assert_eq!(document["servers"][0]["url"], "/ml");
    let plain: Value = house::server().get("/openapi.json").json().unwrap();
    assert_eq!(plain["servers"][0]["url"], "/");

    let records = house::records("2011-02-08..2011-02-14");
    let evaluation = evaluate(&server, "week", &records);
    let report = evaluation["report"].as_str().unwrap();
    assert!(report.starts_with("/ml/models/bike-sharing/evaluations/"));
    assert_eq!(server.get(report).status(), 200);
    // A proxy that strips the prefix sends the rest.
    let stripped = report.strip_prefix("/ml").unwrap();
    assert_eq!(server.get(stripped).status(), 200);

    let client = reqwest::blocking::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let docs = client.get(server.url("/docs")).send().unwrap();
    assert_eq!(docs.headers()["location"], "docs/");
}

/// nginx before a host, which publishes it under `/ml/` at two ports.
struct Nginx {
    process: Child,
    /// Where the prefix is stripped before the host sees it.
    stripping: String,
    /// Where the host sees it.
    keeping: String,
    _folder: TempDir,
}

impl Nginx {
    fn before(host: &Server) -> Result<Self, String> {
        let nginx = script("tool.sh", &["nginx", "nginx", "usr/sbin/nginx"])?;
        let folder = TempDir::new().unwrap();
        let [stripping, keeping] = [(); 2].map(|()| {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().to_string()
        });
        let at = folder.path().display();
        let host = &host.address;
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary.map(|kind| format!("{kind}_temp_path {at}/{kind};\n"));
        let configuration = format!(
            "daemon off; master_process off; pid {at}/pid;
             events {{}}
             http {{
                 access_log off;
                 {}
                 server {{ listen {stripping}; location /ml/ {{ proxy_pass http://{host}/; }} }}
                 server {{ listen {keeping}; location /ml/ {{ proxy_pass http://{host}; }} }}
             }}",
            temporary.concat()
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration).unwrap();
        let mut process = Command::new(nginx)
            .arg("-e")
            .arg(folder.path().join("error.log"))
            .arg("-c")
            .arg(file)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while TcpStream::connect(&keeping).is_err() {
            let ended = process.try_wait().unwrap();
            let log = || fs::read_to_string(folder.path().join("error.log"));
            assert!(ended.is_none(), "nginx ended: {:?}", log());
            assert!(
                start.elapsed() < PATIENCE,
                "nginx does not listen: {:?}",
                log()
            );
            thread::sleep(Duration::from_millis(10));
        }
        Ok(Self {
            process,
            stripping: format!("http://{stripping}/ml/"),
            keeping: format!("http://{keeping}/ml/"),
            _folder: folder,
        })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
#[ignore = "needs nginx"]
fn nginx_publishes_the_host_under_a_path() {
    let server = host();
    let nginx = needs!("nginx", Nginx::before(&server));
    for root in [&nginx.stripping, &nginx.keeping] {
        let get = |path: &str| {
            let request = server.client.get(format!("{root}{path}"));
            request.header("accept", "text/html").send().unwrap()
        };
        for page in ["", "docs/"] {
            let text = get(page).text().unwrap();
            let links = text.split(['"', '\'']).filter(|link| {
                [".js", ".css", ".svg", "docs/", "metrics"]
                    .iter()
                    .any(|it| link.ends_with(it))
            });
            let links: Vec<&str> = links.filter(|link| !link.contains('<')).collect();
            assert!(links.len() > 3, "{text}");
            for link in links {
                assert!(!link.starts_with('/'), "{link}");
                let found = get(&format!("{page}{link}"));
                assert_eq!(found.status(), 200, "{root}{page}{link}");
            }
        }
        // reqwest follows the redirect.
        assert_eq!(get("docs").url().as_str(), format!("{root}docs/"));
        // The own page of the proxy, as browsers mark it with and without TLS.
        let predict = |header: (&str, &str)| {
            let request = server.client.post(format!("{root}predict"));
            let request = request.header(header.0, header.1).json(&house::record());
            request.send().unwrap().status().as_u16()
        };
        assert_eq!(predict(("sec-fetch-site", "same-origin")), 200);
        assert_eq!(predict(("sec-fetch-site", "cross-site")), 403);
    }
}

#[test]
#[ignore = "needs nginx and a browser"]
fn the_console_works_under_a_path() {
    let server = host();
    let nginx = needs!("nginx", Nginx::before(&server));
    let mut browser = needs!("a browser", Browser::open());
    for root in [&nginx.stripping, &nginx.keeping] {
        browser.requests.clear();
        browser.visit(&format!("{root}#/bike-sharing/try"));
        browser.wait("document.querySelector('#predict')");
        browser.run("document.querySelector('#predict').click()");
        browser.wait("document.querySelector('#value')");
        let curl = browser.run("document.querySelector('.curl').innerText");
        let address = format!("curl {root}models/bike-sharing/predict ");
        assert!(curl.as_str().unwrap().starts_with(&address), "{curl}");
        browser.run("location.hash = '#/bike-sharing/evaluations'");
        browser.wait("document.querySelector('h1').innerText === 'Evaluations'");
        browser.visit(&format!("{root}docs/"));
        browser.wait("document.querySelector('.opblock') !== null");
        for request in &browser.requests {
            let is_own = request.starts_with(root.as_str()) || request.starts_with("data:");
            assert!(is_own, "{request}");
        }
        assert_eq!(browser.complaints, Vec::<String>::new());
    }
}
