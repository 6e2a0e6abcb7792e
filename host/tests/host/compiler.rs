//! The processes that compile components.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::house;
use crate::server::{PATIENCE, Server};

/// A component that takes a minute to compile: one function with megabytes of code.
fn slow_to_compile() -> Vec<u8> {
    // local.get 0, i32.const 7, i32.add, i32.const 3, i32.rotl, local.set 0
    const STEP: [u8; 10] = [0x20, 0, 0x41, 7, 0x6a, 0x41, 3, 0x77, 0x21, 0];
    let mut body = vec![1, 1, 0x7f];
    body.extend(STEP.repeat(700_000));
    body.push(0x0b);
    let code = [length(1), length(body.len()), body].concat();
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &[1, 0x60, 0, 0]),
        section(3, &[1, 0]),
        section(10, &code),
    ]
    .concat();
    [b"\0asm\x0d\0\x01\0".to_vec(), section(1, &module)].concat()
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [vec![id], length(content.len()), content.to_vec()].concat()
}

/// An unsigned number in LEB128.
fn length(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// The process that a host compiles in, once there is one.
fn compiler(server: &Server) -> u32 {
    let host = server.process.id().to_string();
    wait_for("the compiler", || {
        let processes = fs::read_dir("/proc").unwrap();
        let ids = processes.filter_map(|it| it.unwrap().file_name().to_str()?.parse().ok());
        ids.into_iter().find(|id: &u32| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            let fields = stat.rsplit_once(") ").map(|(_, fields)| fields);
            fields.is_some_and(|fields| fields.split(' ').nth(1) == Some(&host))
        })
    })
}

fn wait_for<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what} does not come");
        thread::yield_now();
    }
}

/// A host that compiles a component, and what becomes of the upload once `end` has been done to it.
fn while_compiling(end: impl FnOnce(&Server, u32)) -> Option<u16> {
    let folder = TempDir::new().unwrap();
    let arguments = ["--models", folder.path().to_str().unwrap()];
    let server = Server::start(house::model(), &arguments);
    thread::scope(|scope| {
        let upload = scope.spawn(|| {
            let request = server.client.put(server.url("/models/slow"));
            let response = request.body(slow_to_compile()).send().ok()?;
            Some(response.status().as_u16())
        });
        end(&server, compiler(&server));
        upload.join().unwrap()
    })
}

#[test]
fn a_compiler_ends_with_its_host() {
    let is_gone = |id| (!fs::exists(format!("/proc/{id}")).unwrap()).then_some(());
    while_compiling(|server, compiler| {
        server.signal("-KILL");
        wait_for("the end of the compiler", || is_gone(compiler));
    });
}

#[test]
fn a_host_that_is_told_to_stop_does_not_wait_for_a_compiler() {
    let start = Instant::now();
    let status = while_compiling(|server, _| {
        server.signal("-TERM");
        server.await_log("stopped");
    });
    assert_eq!(status, Some(503));
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_component_under_several_names_is_loaded_once() {
    let folder = TempDir::new().unwrap();
    for name in ["a", "b", "c", "d"] {
        fs::copy(house::model(), folder.path().join(format!("{name}.wasm"))).unwrap();
    }
    let server = Server::spawn(&["--models", folder.path().to_str().unwrap()]);
    let used = server.metric("memory_reserved_bytes").unwrap();
    let other = TempDir::new().unwrap();
    fs::copy(house::model(), other.path().join("a.wasm")).unwrap();
    let alone = Server::spawn(&["--models", other.path().to_str().unwrap()]);
    assert_eq!(alone.metric("memory_reserved_bytes"), Some(used));
}

#[test]
fn a_host_with_little_address_space_checks_bounds_instead() {
    let mut command = std::process::Command::new("sh");
    let limited = "ulimit -v 200000000 && exec \"$@\"";
    command.args(["-c", limited, "sh", crate::server::CANOPY]);
    let server = Server::launch(command, &["--model", house::model().to_str().unwrap()]);
    let (status, answer) = server.post_json("/predict", &house::record());
    assert_eq!(status, 200);
    let plain = house::server().post_json("/predict", &house::record());
    assert_eq!((status, answer), plain);
}
