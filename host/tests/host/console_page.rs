//! The console in a browser. With `CANOPY_PICTURES=FOLDER` pictures of it are taken.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use canopy_test_support::needs;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::server::Server;
use crate::{house, other_model};

const PERIODS: [(&str, &str); 3] = [
    ("week1_february", "2011-01-29..2011-02-07"),
    ("week2_february", "2011-02-08..2011-02-14"),
    ("week3_february", "2011-02-15..2011-02-21"),
];

/// A host of the house model that keeps versions and has evaluated three weeks.
fn host(folder: &Path) -> Server {
    let file = folder.join("bikes.wasm");
    fs::copy(house::model(), file).unwrap();
    let models = folder.to_str().unwrap();
    let server = Server::spawn(&["--models", models, "--live-interval", "50ms"]);
    for (name, period) in PERIODS {
        let body = json!({"data": house::records(period), "evaluation_period_name": name});
        assert_eq!(server.post_json("/evaluate", &body).0, 200);
    }
    server
}

fn open(browser: &mut Browser, server: &Server, place: &str, sign: &str) {
    browser.visit(&server.url(&format!("/#/{place}")));
    browser.wait(&format!("document.querySelector({sign:?})"));
}

/// The page complained about nothing, and asked only its own host.
fn assert_clean(browser: &Browser, server: &Server) {
    assert_eq!(browser.complaints, Vec::<String>::new());
    assert!(!browser.requests.is_empty());
    for address in &browser.requests {
        let own = address.starts_with(&server.url("/"));
        let within = address.starts_with("blob:") || address.starts_with("data:");
        assert!(own || within, "{address}");
    }
}

fn text(browser: &mut Browser, selector: &str) -> String {
    let text = browser.wait(&format!("document.querySelector({selector:?})?.innerText"));
    text.as_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs a browser"]
fn the_form_predicts_and_tells_what_lies_outside_the_training_range() {
    let mut browser = needs!("a browser", Browser::open());
    let server = house::server();
    open(&mut browser, &server, "bike-sharing/try", "#predict");
    let model: Value = server.get("/model").json().unwrap();
    let example = model["features"].as_array().unwrap().iter();
    let example: Value = example
        .map(|feature| {
            (
                feature["name"].as_str().unwrap().to_owned(),
                feature["example"].clone(),
            )
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    let expected = server.post_json("/predict", &example).1["predicted_count"].clone();

    browser.run("document.querySelector('[name=hum]').focus()");
    browser.press("Enter", "\r");
    let shown = text(&mut browser, "#value");
    assert!(
        shown.starts_with(&expected.to_string()),
        "{shown}, not {expected}"
    );
    assert!(text(&mut browser, ".result").contains("within the training range"));
    assert!(text(&mut browser, ".curl").contains("/models/bike-sharing/predict"));

    browser.run(
        "const field = document.querySelector('[name=temp]');
         field.value = '0.9';
         field.dispatchEvent(new Event('input', {bubbles: true}));
         document.querySelector('#predict').click()",
    );
    browser.wait("document.querySelector('.result .warning')?.innerText.includes(': temp.')");
    assert!(text(&mut browser, ".curl").contains("\"temp\":0.9"));
    browser.look(1080, 1000, "light");
    keep_picture(&mut browser, "form");
    assert_clean(&browser, &server);
}

#[test]
#[ignore = "needs a browser"]
fn a_version_is_swapped_in_and_rolled_back() {
    let mut browser = needs!("a browser", Browser::open());
    let folder = TempDir::new().unwrap();
    let server = host(folder.path());
    let second = house::version("2.0.0");
    open(&mut browser, &server, "bikes/model", "#rollback");
    assert!(text(&mut browser, ".figures").contains("1.0.0"));
    browser.choose("input[type=file]", &second);
    browser.run("document.querySelector('form.inline .primary').click()");
    browser.wait("document.querySelector('.figures').innerText.includes('2.0.0')");
    browser.wait("document.querySelector('#said').innerText === '2.0.0: swapped'");
    browser.run("document.querySelector('#rollback').click()");
    browser.run("document.querySelector('#yes').click()");
    browser.wait("document.querySelector('#said').innerText === '1.0.0: rolled-back'");
    assert_eq!(
        server.get("/model").json::<Value>().unwrap()["version"],
        "1.0.0"
    );
    assert_clean(&browser, &server);
}

#[test]
#[ignore = "needs a browser"]
fn every_view_is_drawn_at_any_width_in_any_colours() {
    let mut browser = needs!("a browser", Browser::open());
    let folder = TempDir::new().unwrap();
    let server = host(folder.path());
    let component = other_model::fruit();
    let upload = server.client.put(server.url("/models/fruit"));
    let uploaded = upload.body(fs::read(component).unwrap()).send().unwrap();
    assert_eq!(uploaded.status(), 201);
    let data = json!({"data": [
        {"weight": 121, "length": 17.5, "colour": 2, "kind": "banana"},
        {"weight": 12.5, "length": 3.2, "colour": 1, "kind": "apple"},
    ]});
    assert_eq!(server.post_json("/models/fruit/evaluate", &data).0, 200);
    for record in house::records("2011-02-01..2011-02-03") {
        server.post_json("/predict", &record);
    }
    let report: Value = server.get("/evaluations/last").json().unwrap();
    let places = [
        ("model", "bikes/model".to_owned(), "#rollback"),
        ("try", "bikes/try".to_owned(), "#predict"),
        ("evaluations", "bikes/evaluations".to_owned(), "canvas"),
        (
            "report",
            format!("bikes/evaluations/{}", report["id"]),
            ".card canvas",
        ),
        ("live", "bikes/live".to_owned(), "canvas"),
        ("fruit", "fruit/evaluations/last".to_owned(), ".card canvas"),
    ];
    for (width, height, colours) in [
        (1080, 1150, "light"),
        (1080, 1150, "dark"),
        (360, 720, "light"),
    ] {
        browser.look(width, height, colours);
        for (name, place, sign) in &places {
            open(&mut browser, &server, place, sign);
            let wide = browser.run("document.documentElement.scrollWidth");
            assert!(wide.as_u64().unwrap() <= u64::from(width), "{name}: {wide}");
            assert_eq!(
                browser.run("document.querySelector('[role=alert]')"),
                Value::Null
            );
            keep_picture(&mut browser, &format!("{name}-{width}-{colours}"));
        }
    }
    let chosen = "[...document.querySelectorAll('#models option')].map(({value}) => value).join()";
    assert_eq!(browser.run(chosen), "bikes,fruit");
    assert_clean(&browser, &server);
}

#[test]
#[ignore = "needs a browser"]
fn live_follows_the_traffic() {
    let mut browser = needs!("a browser", Browser::open());
    let server = Server::start(house::model(), &["--live-interval", "50ms"]);
    open(&mut browser, &server, "bike-sharing/live", "#drift");
    assert!(text(&mut browser, "main").contains("0 of 1000"));
    for record in house::records("2011-07-01..2011-07-02") {
        server.post_json("/predict", &record);
    }
    browser.wait("document.querySelector('main').innerText.includes('48 of 1000')");
    browser.wait("document.querySelector('.verdict.drifted')");
    assert_clean(&browser, &server);
}

#[test]
#[ignore = "needs a browser"]
fn a_report_is_saved_and_draws_itself_without_the_host() {
    let mut browser = needs!("a browser", Browser::open());
    let folder = TempDir::new().unwrap();
    let server = host(folder.path());
    open(&mut browser, &server, "bikes/evaluations", "tbody a");
    browser.run("document.querySelector('tbody a').click()");
    browser.wait("document.querySelector('.card canvas')");
    for (button, said) in [(0, ".html"), (1, ".json")] {
        browser.run(&format!(
            "document.querySelectorAll('.tools button')[{button}].click()"
        ));
        browser.wait(&format!(
            "document.querySelector('.tools [role=status]').innerText.endsWith({said:?})"
        ));
    }
    assert_clean(&browser, &server);

    let page = browser.folder.path().join("report.html");
    let report = server.get("/evaluations/last/report.html").text().unwrap();
    fs::write(&page, report).unwrap();
    drop(server);
    browser.requests.clear();
    let address = format!("file://{}", page.display());
    browser.visit(&address);
    browser.wait("document.querySelectorAll('.card').length === 13");
    browser.wait("document.querySelector('.card canvas')");
    assert!(text(&mut browser, "h1").contains("week3_february"));
    assert_eq!(browser.requests, [address]);
    assert_eq!(browser.complaints, Vec::<String>::new());
}

/// The host has no sign-in of its own here, so the page's calls are answered in its stead.
#[test]
#[ignore = "needs a browser"]
fn who_is_not_known_signs_in() {
    let mut browser = needs!("a browser", Browser::open());
    let server = house::server();
    open(&mut browser, &server, "bike-sharing/model", "table");
    browser.run(
        "const host = window.fetch;
         window.fetch = async (path, options) => {
             if (path === 'token') {
                 const known = options.body.get('password') === 'open sesame';
                 return known
                     ? Response.json({access_token: 'key'})
                     : Response.json({detail: 'wrong password'}, {status: 401});
             }
             const key = options?.headers?.authorization;
             return key === 'Bearer key' ? host(path, options) : Response.json({}, {status: 401});
         };
         location.hash = '#/bike-sharing/evaluations'",
    );
    browser.wait("document.querySelector('dialog.login')");
    let sign_in = |browser: &mut Browser, password: &str| {
        browser.run(&format!(
            "document.querySelector('[name=username]').value = 'ali';
             document.querySelector('[name=password]').value = {password:?};
             document.querySelector('dialog.login button').click()"
        ));
    };
    sign_in(&mut browser, "guessed");
    browser.wait("document.querySelector('dialog.login').innerText.includes('wrong password')");
    sign_in(&mut browser, "open sesame");
    browser.wait("document.querySelector('h1').innerText === 'Evaluations'");
    browser.wait("!document.querySelector('#leave').hidden");
    assert_clean(&browser, &server);
}

#[test]
#[ignore = "needs a browser"]
fn the_keyboard_is_enough() {
    let mut browser = needs!("a browser", Browser::open());
    let server = house::server();
    open(&mut browser, &server, "bike-sharing/model", "table");
    let focused = "document.activeElement.innerText || document.activeElement.id";
    let mut seen = Vec::new();
    for _ in 0..6 {
        browser.press("Tab", "");
        seen.push(browser.run(focused).as_str().unwrap().to_owned());
    }
    assert_eq!(
        seen,
        [
            "Skip to the content",
            "Canopy",
            "Model",
            "Try it",
            "Evaluations",
            "Live"
        ]
    );
    browser.press("Enter", "\r");
    browser.wait("document.querySelector('h1').innerText === 'Live'");
    browser.wait("document.activeElement.id === 'main'");
    assert_clean(&browser, &server);
}

fn keep_picture(browser: &mut Browser, name: &str) {
    let Some(folder) = std::env::var_os("CANOPY_PICTURES") else {
        return;
    };
    let picture = browser.picture();
    let path = Path::new(&folder).join(name).with_extension("png");
    let mut decoder = Command::new("base64")
        .arg("--decode")
        .stdin(Stdio::piped())
        .stdout(File::create(path).unwrap())
        .spawn()
        .unwrap();
    let mut encoded = decoder.stdin.take().unwrap();
    encoded
        .write_all(picture.as_str().unwrap().as_bytes())
        .unwrap();
    drop(encoded);
    assert!(decoder.wait().unwrap().success());
}
