//! What the console is made of.

use serde_json::Value;

use crate::history::evaluate;
use crate::house;

#[test]
fn a_browser_gets_the_page_and_other_clients_the_message() {
    let server = house::server();
    let ask = |accept: &str| {
        let request = server.client.get(server.url("/"));
        request.header("accept", accept).send().unwrap()
    };
    let page = ask("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["vary"], "accept");
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"));
    let page = page.text().unwrap();
    assert!(
        !page.contains("style=") && !page.contains("https://"),
        "{page}"
    );
    for accept in ["*/*", "application/json", "text/plain"] {
        let answer: Value = ask(accept).json().unwrap();
        assert!(answer["message"].is_string(), "{accept}");
    }

    let files = page.split('"').filter(|text| text.starts_with("console/"));
    let files: Vec<&str> = files.collect();
    assert!(files.len() >= 5, "{page}");
    for file in files {
        assert_eq!(server.get(&format!("/{file}")).status(), 200, "{file}");
    }
    // Its links would lead nowhere from there.
    assert_eq!(server.get("/console/index.html").status(), 404);
    let response = server.get("/console/main.js");
    assert_eq!(
        response.headers()["content-type"],
        "text/javascript; charset=utf-8"
    );
    assert_eq!(server.get("/console/..%2fmain.js").status(), 404);
}

#[test]
fn a_report_is_one_file_that_asks_nobody() {
    let server = house::server();
    let records = house::records("2011-02-08..2011-02-14");
    evaluate(&server, "</script><script>alert(1)</script>", &records);
    let response = server.get("/evaluations/last/report.html");
    let disposition = response.headers()["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment; filename=\"bike-sharing-"));
    let page = response.text().unwrap();
    assert!(!page.contains("alert(1)</script>"));
    for outside in [" src=", " href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    for left in ["\nimport ", "\nexport "] {
        assert!(!page.contains(left), "{left}");
    }
}
