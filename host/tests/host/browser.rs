//! A headless Chromium, told what to do over the DevTools protocol.
//!
//! The protocol runs over pipes, messages end with a zero byte.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use canopy_test_support::script;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A browser with one page.
pub(crate) struct Browser {
    process: Child,
    commands: ChildStdin,
    messages: BufReader<ChildStdout>,
    /// Its profile, and what it saves.
    pub(crate) folder: TempDir,
    page: Option<String>,
    asked: u64,
    /// What the page asked for, with its address.
    pub(crate) requests: Vec<String>,
    /// What the page complained about.
    pub(crate) complaints: Vec<String>,
}

impl Browser {
    /// Opens a browser; tells why, where there is none.
    pub(crate) fn open() -> Result<Self, String> {
        let chromium = script("chromium.sh", &[])?;
        let folder = TempDir::new().unwrap();
        let mut process = Command::new("sh")
            .args([
                "-c",
                r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#,
            ])
            .arg(chromium)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--hide-scrollbars",
                "--remote-debugging-pipe",
            ])
            .arg(format!("--user-data-dir={}", folder.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = process.stdin.take().unwrap();
        let messages = BufReader::new(process.stdout.take().unwrap());
        let mut browser = Self {
            process,
            commands,
            messages,
            folder,
            page: None,
            asked: 0,
            requests: Vec::new(),
            complaints: Vec::new(),
        };
        let target = browser.ask("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.ask("Target.attachToTarget", &attach);
        let saved = json!({"behavior": "allow", "downloadPath": browser.folder.path()});
        browser.ask("Browser.setDownloadBehavior", &saved);
        browser.page = Some(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Network", "Runtime", "Log", "Page", "DOM"] {
            browser.ask(&format!("{domain}.enable"), &json!({}));
        }
        Ok(browser)
    }

    /// Calls a method of the protocol; notes what is told meanwhile.
    pub(crate) fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.asked += 1;
        let mut message = json!({"id": self.asked, "method": method, "params": parameters});
        if let Some(page) = &self.page {
            message["sessionId"] = json!(page);
        }
        write!(self.commands, "{message}\0").unwrap();
        loop {
            let mut told = Vec::new();
            self.messages.read_until(0, &mut told).unwrap();
            assert_eq!(told.pop(), Some(0), "the browser is gone");
            let mut told: Value = serde_json::from_slice(&told).unwrap();
            if told["id"] == self.asked {
                assert!(told.get("error").is_none(), "{method}: {told}");
                return told["result"].take();
            }
            self.note(&told);
        }
    }

    fn note(&mut self, told: &Value) {
        let event = &told["params"];
        match told["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                let address = event["request"]["url"].as_str().unwrap();
                self.requests.push(address.to_owned());
            }
            Some("Runtime.exceptionThrown") => self.complaints.push(event.to_string()),
            Some("Runtime.consoleAPICalled") if event["type"] != "log" => {
                self.complaints.push(event["args"].to_string());
            }
            Some("Log.entryAdded") => self.complaints.push(event["entry"].to_string()),
            _ => {}
        }
    }

    pub(crate) fn visit(&mut self, address: &str) {
        self.ask("Page.navigate", &json!({"url": address}));
    }

    /// Runs an expression in the page; waits if it is a promise.
    pub(crate) fn run(&mut self, expression: &str) -> Value {
        let parameters =
            json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut result = self.ask("Runtime.evaluate", &parameters);
        let failed = result.get("exceptionDetails");
        assert!(failed.is_none(), "{expression}: {result}");
        result["result"]["value"].take()
    }

    /// Waits until an expression is true of the page; answers what it is.
    pub(crate) fn wait(&mut self, expression: &str) -> Value {
        self.run(&format!(
            "new Promise((resolve, reject) => {{
                const late = setTimeout(() => reject(new Error(document.body.innerText)), 60_000);
                const look = () => {{
                    let found;
                    try {{ found = {expression}; }} catch {{ /* not there yet */ }}
                    if (!found) return setTimeout(look, 10);
                    clearTimeout(late);
                    resolve(found);
                }};
                look();
            }})"
        ))
    }

    /// Presses a key where the focus is.
    pub(crate) fn press(&mut self, key: &str, text: &str) {
        for kind in ["keyDown", "keyUp"] {
            let code = if key == "Tab" { 9 } else { 13 };
            let parameters = json!({
                "type": kind, "key": key, "code": key, "text": text, "windowsVirtualKeyCode": code,
            });
            self.ask("Input.dispatchKeyEvent", &parameters);
        }
    }

    /// Puts a file into an input.
    pub(crate) fn choose(&mut self, selector: &str, file: &Path) {
        let document = self.ask("DOM.getDocument", &json!({}));
        let query = json!({"nodeId": document["root"]["nodeId"], "selector": selector});
        let input = self.ask("DOM.querySelector", &query);
        let files = json!({"nodeId": input["nodeId"], "files": [file]});
        self.ask("DOM.setFileInputFiles", &files);
    }

    /// Makes the window as large as that, in light or dark colours.
    pub(crate) fn look(&mut self, width: u32, height: u32, colours: &str) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", &size);
        let scheme = json!([{"name": "prefers-color-scheme", "value": colours}]);
        self.ask("Emulation.setEmulatedMedia", &json!({"features": scheme}));
    }

    /// A picture of the window, as base64 of a PNG.
    pub(crate) fn picture(&mut self) -> Value {
        self.ask("Page.captureScreenshot", &json!({"format": "png"}))["data"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
