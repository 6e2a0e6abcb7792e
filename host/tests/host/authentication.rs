//! Who is let in.

use std::fs::Permissions;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use canopy_test_support::{needs, tool};
use canopy_web::Need;
use reqwest::blocking::Response;
use ring::hmac;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::house;
use crate::models::until;
use crate::server::{CANOPY, PATIENCE, Server, run};

const PASSWORD: &str = "correct horse battery";
/// What tokens are signed with, to forge some.
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// A host with users, and what they have.
pub(crate) struct Guarded {
    pub(crate) server: Server,
    users: PathBuf,
    /// Roles and their API keys.
    keys: [(&'static str, String); 4],
    _folder: TempDir,
}

/// Ada may predict and has a password; for every role there is a user of its name with a key.
pub(crate) fn guarded(arguments: &[&str]) -> Guarded {
    let folder = TempDir::new().unwrap();
    let users = folder.path().join("users.json");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, SECRET).unwrap();
    std::fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    let (success, _, error) = add("ada", "predict", &users, PASSWORD);
    assert!(success, "{error}");
    let keys = ["predict", "evaluate", "observe", "admin"].map(|role| (role, key(role, &users)));
    let authentication = [
        "--users",
        users.to_str().unwrap(),
        "--token-key",
        secret.to_str().unwrap(),
        "--watch-interval",
        "20ms",
    ];
    Guarded {
        server: Server::start(house::model(), &[&authentication, arguments].concat()),
        users,
        keys,
        _folder: folder,
    }
}

fn add(name: &str, role: &str, users: &Path, password: &str) -> (bool, String, String) {
    let mut process = Command::new(CANOPY)
        .args(["user", "add", name, "--role", role, "--users"])
        .arg(users)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    // Fails if the program ends before it reads, because the name is not valid.
    let _ = writeln!(input, "{password}");
    drop(input);
    let output = process.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn key(role: &str, users: &Path) -> String {
    let users = users.to_str().unwrap();
    let (success, key, error) = run(&["user", "key", role, "--role", role, "--users", users]);
    assert!(success, "{error}");
    key.trim().to_owned()
}

impl Guarded {
    /// The key of the user with a role.
    pub(crate) fn key(&self, role: &str) -> &str {
        let mut keys = self.keys.iter();
        &keys.find(|(it, _)| *it == role).unwrap().1
    }

    fn login(&self, name: &str, password: &str) -> Response {
        let login = json!({"username": name, "password": password});
        self.server.post("/token").json(&login).send().unwrap()
    }

    fn token(&self) -> String {
        let response = self.login("ada", PASSWORD);
        assert_eq!(response.status(), 200);
        let token: Value = response.json().unwrap();
        token["access_token"].as_str().unwrap().to_owned()
    }

    fn predict(&self, token: &str) -> Response {
        let request = self.server.post("/predict").bearer_auth(token);
        request.json(&house::record()).send().unwrap()
    }

    fn count(&self, name: &str, reason: &str) -> f64 {
        let series = format!("{name}{{reason=\"{reason}\"}}");
        self.server.metric(&series).unwrap()
    }
}

/// A token with this header and these claims, signed as the host signs.
fn forge(header: &str, claims: &Value, secret: &[u8]) -> String {
    let [header, claims] = [header, &claims.to_string()].map(|part| URL_SAFE_NO_PAD.encode(part));
    let signed = format!("{header}.{claims}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// Whether authentication, rather than a handler, refused a request.
fn refused(response: &Response) -> Option<u16> {
    let is_refusal = response.headers().contains_key("www-authenticate");
    is_refusal.then(|| response.status().as_u16())
}

#[test]
fn every_route_is_for_those_with_its_role_alone() {
    let guarded = guarded(&[]);
    let server = &guarded.server;
    let table = [
        ("GET", "/", None),
        ("GET", "/health", None),
        ("GET", "/ready", None),
        ("GET", "/docs", None),
        ("GET", "/docs/", None),
        ("GET", "/docs/swagger-ui.css", None),
        ("POST", "/token", None),
        ("GET", "/v2/health/live", None),
        ("GET", "/v2/health/ready", None),
        ("GET", "/metrics", Some("")),
        ("GET", "/model", Some("")),
        ("GET", "/models", Some("")),
        ("GET", "/models/bike-sharing", Some("")),
        ("GET", "/models/unknown", Some("")),
        ("GET", "/console/main.js", None),
        ("GET", "/live", Some("")),
        ("GET", "/models/bike-sharing/live", Some("")),
        ("GET", "/evaluations", Some("")),
        ("GET", "/evaluations/last", Some("")),
        ("GET", "/evaluations/last/report.html", Some("")),
        ("GET", "/models/bike-sharing/evaluations", Some("")),
        ("GET", "/models/bike-sharing/evaluations/last", Some("")),
        (
            "GET",
            "/models/bike-sharing/evaluations/last/report.html",
            Some(""),
        ),
        ("GET", "/observations", Some("observe")),
        ("GET", "/observations/last", Some("observe")),
        ("DELETE", "/observations/last", Some("admin")),
        ("GET", "/models/bike-sharing/observations", Some("observe")),
        (
            "GET",
            "/models/bike-sharing/observations/last",
            Some("observe"),
        ),
        (
            "DELETE",
            "/models/bike-sharing/observations/last",
            Some("admin"),
        ),
        ("GET", "/openapi.json", Some("")),
        ("GET", "/nothing", Some("")),
        ("GET", "/v2", Some("")),
        ("GET", "/v2/models/bike-sharing", Some("")),
        ("GET", "/v2/models/bike-sharing/ready", Some("")),
        ("GET", "/v2/models/bike-sharing/versions/1", Some("")),
        ("GET", "/v2/models/bike-sharing/versions/1/ready", Some("")),
        ("POST", "/v2/repository/index", Some("")),
        ("POST", "/predict", Some("predict")),
        ("GET", "/predict", Some("")),
        ("POST", "/predict/batch", Some("predict")),
        ("POST", "/models/bike-sharing/predict", Some("predict")),
        (
            "POST",
            "/models/bike-sharing/predict/batch",
            Some("predict"),
        ),
        ("POST", "/v2/models/bike-sharing/infer", Some("predict")),
        (
            "POST",
            "/v2/models/bike-sharing/versions/1/infer",
            Some("predict"),
        ),
        ("POST", "/evaluate", Some("evaluate")),
        ("POST", "/models/bike-sharing/evaluate", Some("evaluate")),
        (
            "POST",
            "/v2/repository/models/bike-sharing/load",
            Some("admin"),
        ),
        (
            "POST",
            "/v2/repository/models/bike-sharing/unload",
            Some("admin"),
        ),
        ("PUT", "/models/bike-sharing", Some("admin")),
        ("DELETE", "/models/bike-sharing", Some("admin")),
        ("POST", "/models/bike-sharing/rollback", Some("admin")),
        ("POST", "/models/bike-sharing/promote", Some("admin")),
        ("PUT", "/models/bike-sharing/candidate", Some("admin")),
        ("DELETE", "/models/bike-sharing/candidate", Some("admin")),
    ];
    let send = |method: &str, path: &str, key: &str| {
        let request = server
            .client
            .request(method.parse().unwrap(), server.url(path));
        let request = match key {
            "" => request,
            key => request.header("x-api-key", key),
        };
        // No login, no record, no component: whoever is let in is told so.
        request
            .header("content-type", "application/json")
            .body("{}")
            .send()
            .unwrap()
    };
    for (method, path, need) in table {
        let anybody = refused(&send(method, path, ""));
        assert_eq!(anybody, need.map(|_| 401), "{method} {path} without a key");
        for (role, key) in &guarded.keys {
            let is_enough = [None, Some(""), Some(*role)].contains(&need) || *role == "admin";
            let expected = (!is_enough).then_some(403);
            let found = refused(&send(method, path, key));
            assert_eq!(found, expected, "{method} {path} as {role}");
        }
    }
    // Every row of the host's table is in this one, with the same need.
    for route in canopy::http::table(true).routes() {
        let path = route.path.replace("{name}", "bike-sharing");
        let path = path.replace("{id}", "last").replace("{version}", "1");
        let path = path.replace("console/{file}", "console/main.js");
        let path = path.replace("{file}", "swagger-ui.css");
        let mut listed = table.iter();
        let listed = listed.find(|(method, it, _)| route.method == *method && *it == path);
        let need = match route.need {
            Need::Nothing => None,
            Need::User | Need::Metrics => Some(String::new()),
            Need::Role(role) => Some(role.to_string()),
        };
        let expected = need.as_deref();
        assert_eq!(
            listed.map(|it| it.2),
            Some(expected),
            "{} {path}",
            route.method
        );
    }
    let document = send("GET", "/openapi.json", &guarded.keys[0].1);
    let document: Value = document.json().unwrap();
    assert_eq!(
        document["paths"]["/predict"]["post"]["security"][0]["token"],
        json!([])
    );
    assert!(document["paths"]["/health"]["get"]["security"].is_null());
    assert!(document["paths"]["/token"]["post"]["responses"]["429"].is_object());
}

#[test]
fn a_password_is_given_for_a_token_and_a_token_for_predictions() {
    let guarded = guarded(&["--open-metrics", "--token-lifetime", "90s"]);
    let form = guarded
        .server
        .post("/token")
        .header("content-type", "application/x-www-form-urlencoded");
    let body = "grant_type=password&username=ada&password=correct+horse%20battery";
    let response = form.body(body).send().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let answer: Value = response.json().unwrap();
    assert_eq!(answer["token_type"], "bearer");
    assert_eq!(answer["expires_in"], 90);
    assert_eq!(
        guarded
            .predict(answer["access_token"].as_str().unwrap())
            .status(),
        200
    );
    assert_eq!(guarded.predict(&guarded.token()).status(), 200);
    assert_eq!(guarded.predict(&guarded.keys[0].1).status(), 200);
    assert_eq!(guarded.server.metric("auth_tokens_issued_total"), Some(2.0));

    let forbidden = guarded.predict(&guarded.keys[1].1);
    assert_eq!(forbidden.status(), 403);
    let problem: Value = forbidden.json().unwrap();
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("the role predict"),
        "{problem}"
    );
    assert_eq!(
        guarded.count("auth_requests_refused_total", "forbidden"),
        1.0
    );

    for (body, status) in [
        ("{}", 400),
        ("[[[", 400),
        (&"[".repeat(4000), 400),
        (&" ".repeat(5000), 413),
    ] {
        assert_eq!(guarded.server.post_text("/token", body).0, status);
    }
    for (name, password) in [
        ("ada", "wrong"),
        ("nobody", PASSWORD),
        ("ü", ""),
        ("predict", ""),
    ] {
        let response = guarded.login(name, password);
        assert_eq!(refused(&response), Some(401), "{name}");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    assert_eq!(
        guarded.count("auth_logins_refused_total", "credentials"),
        4.0
    );
}

#[test]
#[ignore = "needs curl"]
fn curl_gets_a_token_and_predictions_for_it() {
    let program = needs!("curl", tool("curl", "curl"));
    let guarded = guarded(&[]);
    let curl = |arguments: &[&str]| -> Value {
        let mut command = Command::new(&program);
        let command = command.args(["--silent", "--noproxy", "*"]).args(arguments);
        serde_json::from_slice(&command.output().unwrap().stdout).unwrap()
    };
    let (token, predict) = (guarded.server.url("/token"), guarded.server.url("/predict"));
    let password = format!("password={PASSWORD}");
    let login = [&token, "-d", "username=ada", "--data-urlencode", &password];
    let answer = curl(&login);
    let token = answer["access_token"].as_str().unwrap();
    let bearer = format!("authorization: Bearer {token}");
    let record = house::record().to_string();
    let json = "content-type: application/json";
    let answer = curl(&[&predict, "-H", &bearer, "-H", json, "-d", &record]);
    assert!(answer["predicted_count"].is_f64(), "{answer}");
    let answer = curl(&[&predict, "-H", json, "-d", &record]);
    assert_eq!(answer["status"], 401);
}

#[test]
fn tokens_are_believed_only_if_they_are_this_hosts_and_of_now() {
    const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
    let guarded = guarded(&["--open-metrics"]);
    let future = 1_u64 << 40;
    let claims = |name: &str, until: u64| json!({"sub": name, "roles": ["predict"], "iat": 1_u64 << 39, "exp": until});
    let good = forge(HEADER, &claims("ada", future), SECRET);
    assert_eq!(guarded.predict(&good).status(), 200);
    let (signed, _) = good.rsplit_once('.').unwrap();
    let none = |header: &str| forge(header, &claims("ada", future), SECRET);
    let unsigned = none(r#"{"alg":"none","typ":"JWT"}"#);
    let unsigned = &unsigned[..=unsigned.rfind('.').unwrap()];
    for (token, reason) in [
        (forge(HEADER, &claims("ada", 1), SECRET), "expired"),
        (forge(HEADER, &claims("ada", future), &[7; 32]), "invalid"),
        (format!("{signed}."), "invalid"),
        (unsigned.to_owned(), "invalid"),
        (none(r#"{"alg":"none","typ":"JWT"}"#), "invalid"),
        (none(r#"{"alg":"HS512","typ":"JWT"}"#), "invalid"),
        (
            forge(HEADER, &json!({"sub": "ada", "roles": ["admin"]}), SECRET),
            "invalid",
        ),
        (
            forge(
                HEADER,
                &json!({"sub": "ada", "roles": [], "iat": 1_u64 << 39, "exp": "never"}),
                SECRET,
            ),
            "invalid",
        ),
        ("nonsense".to_owned(), "invalid"),
        (forge(HEADER, &claims("nobody", future), SECRET), "unknown"),
        ("canopy_guessed".to_owned(), "unknown"),
    ] {
        let before = guarded.count("auth_tokens_rejected_total", reason);
        let response = guarded.predict(&token);
        assert_eq!(refused(&response), Some(401), "{token}");
        assert_eq!(
            response.headers()["www-authenticate"],
            "Bearer error=\"invalid_token\""
        );
        let after = guarded.count("auth_tokens_rejected_total", reason);
        assert_eq!(after, before + 1.0, "{token} is not {reason}");
    }
    // Roles that the user does not have are of no use in a token.
    let claims = json!({"sub": "ada", "roles": ["admin"], "iat": 1_u64 << 39, "exp": future});
    let admin = forge(HEADER, &claims, SECRET);
    assert_eq!(guarded.predict(&admin).status(), 200);
    let evaluation = guarded
        .server
        .post("/evaluate")
        .bearer_auth(&admin)
        .send()
        .unwrap();
    assert_eq!(refused(&evaluation), Some(403));
}

#[test]
fn a_removed_user_is_not_let_in_any_more() {
    let guarded = guarded(&["--open-metrics"]);
    let users = guarded.users.to_str().unwrap();
    let token = guarded.token();
    assert_eq!(guarded.predict(&token).status(), 200);
    for name in ["ada", "predict"] {
        assert!(run(&["user", "remove", name, "--users", users]).0);
        guarded.server.await_log("users reloaded");
    }
    assert_eq!(refused(&guarded.predict(&token)), Some(401));
    assert_eq!(refused(&guarded.predict(&guarded.keys[0].1)), Some(401));
    assert_eq!(refused(&guarded.login("ada", PASSWORD)), Some(401));
    assert_eq!(guarded.count("auth_tokens_rejected_total", "unknown"), 2.0);

    // Damage changes nothing.
    std::fs::write(&guarded.users, "{").unwrap();
    guarded
        .server
        .await_log("cannot reload users; keeping the previous ones");
    let answer = guarded.server.get("/model");
    assert_eq!(refused(&answer), Some(401));
    let admin = guarded.predict(guarded.key("admin"));
    assert_eq!(admin.status(), 200);
}

#[test]
fn without_the_file_of_users_nobody_is_let_in_after_the_grace() {
    let guarded = guarded(&["--open-metrics", "--users-grace", "0s"]);
    let key = &guarded.keys[0].1;
    let unreadable = || guarded.server.metric("auth_users_file_unreadable");
    assert_eq!(guarded.predict(key).status(), 200);
    assert_eq!(unreadable(), Some(0.0));
    let aside = guarded.users.with_extension("aside");
    std::fs::rename(&guarded.users, &aside).unwrap();
    guarded
        .server
        .await_log("nobody is let in until the file of users is back");
    assert_eq!(refused(&guarded.predict(key)), Some(401));
    assert_eq!(refused(&guarded.login("ada", PASSWORD)), Some(401));
    until("it is said", || unreadable() == Some(1.0));
    std::fs::rename(&aside, &guarded.users).unwrap();
    guarded.server.await_log("users reloaded");
    assert_eq!(guarded.predict(key).status(), 200);
    until("it is over", || unreadable() == Some(0.0));
}

/// A client with another address than the rest.
fn client_elsewhere() -> reqwest::blocking::Client {
    reqwest::blocking::Client::builder()
        .local_address(IpAddr::from(Ipv4Addr::new(127, 0, 0, 2)))
        .timeout(PATIENCE)
        .no_proxy()
        .build()
        .unwrap()
}

#[test]
fn a_thousand_wrong_passwords_are_slowed_and_counted_while_others_work() {
    let guarded = guarded(&["--open-metrics"]);
    let elsewhere = client_elsewhere();
    let login = json!({"username": "ada", "password": PASSWORD});
    let (mut wrong, mut slowed) = (0, 0);
    let start = Instant::now();
    for attempt in 0..1000 {
        let response = guarded.login("ada", &format!("wrong {attempt}"));
        match response.status().as_u16() {
            401 => wrong += 1,
            429 => {
                let wait: u64 = response.headers()["retry-after"]
                    .to_str()
                    .unwrap()
                    .parse()
                    .unwrap();
                assert!((1..=900).contains(&wait), "{wait}");
                slowed += 1;
            }
            other => panic!("{other}"),
        }
        if attempt % 200 == 199 {
            let url = guarded.server.url("/token");
            let answer = elsewhere.post(url).json(&login).send().unwrap();
            assert_eq!(answer.status(), 200, "the same user at another address");
            let token: Value = answer.json().unwrap();
            let answer = guarded.predict(token["access_token"].as_str().unwrap());
            assert_eq!(answer.status(), 200);
        }
    }
    // Five failures are free, then one is in the first second, one in the next two, and so on.
    let most = 6 + (start.elapsed().as_secs() + 1).ilog2();
    assert!((5..=most).contains(&wrong), "{wrong} passwords were tried");
    assert_eq!(
        guarded.count("auth_logins_refused_total", "credentials"),
        f64::from(wrong)
    );
    assert_eq!(
        guarded.count("auth_logins_refused_total", "locked"),
        f64::from(slowed)
    );
    assert_eq!(guarded.server.metric("auth_tokens_issued_total"), Some(5.0));
    let right = guarded.login("ada", PASSWORD);
    assert_eq!(
        right.status(),
        429,
        "the right password would tell that it is right"
    );
    let other = add("bob", "predict", &guarded.users, PASSWORD);
    assert!(other.0);
    guarded.server.await_log("users reloaded");
    assert_eq!(
        guarded.login("bob", PASSWORD).status(),
        200,
        "another user at the same address"
    );
}

#[test]
fn an_address_that_tries_many_names_is_slowed_and_counted_while_others_work() {
    let guarded = guarded(&["--open-metrics"]);
    let guess = |name: String| {
        let login = json!({"username": name, "password": "a popular password"});
        let request = guarded.server.post("/token").json(&login);
        // Whom a request says that it comes from is not believed.
        let request = request.header("x-forwarded-for", format!("198.51.100.{}", name.len()));
        request.send().unwrap()
    };
    let (mut wrong, mut slowed) = (0, 0);
    for attempt in 0..200 {
        let response = guess(format!("{}{attempt}", "user".repeat(attempt % 7)));
        match response.status().as_u16() {
            401 => wrong += 1,
            429 => {
                let wait = response.headers()["retry-after"].to_str().unwrap();
                assert!((1..=60).contains(&wait.parse::<u64>().unwrap()), "{wait}");
                slowed += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!((100..110).contains(&wrong), "{wrong} passwords were tried");
    for (reason, count) in [("credentials", wrong), ("address", slowed), ("locked", 0)] {
        let found = guarded.count("auth_logins_refused_total", reason);
        assert_eq!(found, f64::from(count), "{reason}");
    }
    let elsewhere = client_elsewhere();
    let login = json!({"username": "ada", "password": PASSWORD});
    let url = guarded.server.url("/token");
    let answer = elsewhere.post(url).json(&login).send().unwrap();
    assert_eq!(answer.status(), 200, "another address");
    let key = &guarded.keys[0].1;
    let answer = guarded.predict(key);
    assert_eq!(answer.status(), 200, "a key at the same address");
}

#[test]
fn without_users_the_host_listens_to_this_machine_alone() {
    let model = house::model().to_str().unwrap();
    let (success, _, error) = run(&["serve", "--model", model, "--listen", "0.0.0.0:0"]);
    assert!(!success);
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(
        error.contains("--users FILE") && error.contains("--insecure"),
        "{error}"
    );

    let server = house::server();
    assert_eq!(server.get("/token").status(), 404);
    let document: Value = server.get("/openapi.json").json().unwrap();
    assert!(document["components"]["securitySchemes"].is_null());
    assert_eq!(server.metric("auth_tokens_issued_total"), Some(0.0));
    for series in [
        "auth_logins_refused_total{reason=\"locked\"}",
        "auth_tokens_rejected_total{reason=\"expired\"}",
        "auth_requests_refused_total{reason=\"unauthenticated\"}",
    ] {
        assert_eq!(server.metric(series), Some(0.0), "{series}");
    }
}

#[test]
fn without_users_a_page_of_another_site_changes_nothing() {
    let models = TempDir::new().unwrap();
    let server = Server::start(
        house::model(),
        &["--models", models.path().to_str().unwrap()],
    );
    let status = |headers: &[(&str, &str)]| {
        let mut request = server.post("/models/bike-sharing/rollback");
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        request.send().unwrap().status().as_u16()
    };
    // There is no version to go back to.
    assert_eq!(status(&[]), 409);
    assert_eq!(status(&[("sec-fetch-site", "same-origin")]), 409);
    for headers in [
        [("sec-fetch-site", "cross-site")],
        [("origin", "https://evil.example")],
        [("origin", "null")],
        [("host", "evil.example")],
    ] {
        assert_eq!(status(&headers), 403, "{headers:?}");
    }
}

#[test]
fn users_are_managed_on_the_command_line() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("users.json");
    let users = path.to_str().unwrap();
    let model = house::model().to_str().unwrap();
    let (success, _, error) = run(&["serve", "--model", model, "--users", users]);
    assert!(
        !success && error.contains("cannot read the users"),
        "{error}"
    );

    let (success, _, error) = add("ada", "predict", &path, "too short");
    assert!(
        !success && error.contains("at least 12 characters"),
        "{error}"
    );
    let (success, _, error) = add("a b", "predict", &path, PASSWORD);
    assert!(!success && error.contains("is not a user name"), "{error}");
    assert!(!path.exists());

    assert!(add("ada", "evaluate", &path, PASSWORD).0);
    let key = key("admin", &path);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains(&key) && !text.contains(PASSWORD));
    assert!(text.contains("$argon2id$"), "{text}");
    let (_, list, _) = run(&["user", "list", "--users", users]);
    assert_eq!(list, "ada  evaluate  (password)\nadmin  admin  (key)\n");
    assert!(run(&["user", "remove", "ada", "--users", users]).0);
    let (success, _, error) = run(&["user", "remove", "ada", "--users", users]);
    assert!(
        !success && error.contains("there is no user ada"),
        "{error}"
    );
}

#[test]
fn answers_tell_browsers_to_be_careful() {
    let server = house::server();
    for path in ["/health", "/nothing", "/docs/"] {
        let response = server.get(path);
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(
            policy.contains("default-src 'self'"),
            path == "/docs/",
            "{path}"
        );
        assert!(!headers.contains_key("strict-transport-security"), "{path}");
    }
}
