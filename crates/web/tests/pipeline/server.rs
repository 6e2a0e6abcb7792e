//! A small service behind the pipeline.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use canopy_auth::{Auth, AuthMetrics, Role, Users, with_key};
use canopy_resources::Budget;
use canopy_telemetry::context;
use canopy_web::{
    Call, Class, Config, HttpMetrics, Lifecycle, Method, Need, Parameters, Parts, Permits, Problem,
    Response, Route, Service, StatusCode, Table, Workers, json, serve, text,
};
use clap::Parser;
use prometheus::Registry;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::{Semaphore, mpsc::UnboundedSender, mpsc::unbounded_channel};

use crate::client::{Answer, Connection};

/// Size of the response of `/large`, which exceeds the buffers of a connection.
pub(crate) const LARGE: usize = 32 << 20;

/// The state of the service.
pub(crate) struct Small {
    parts: Parts,
    /// Number of calls of the handler of `/count`.
    pub(crate) begun: AtomicUsize,
    /// Lets one request of `/hold` finish.
    pub(crate) release: Semaphore,
    holding: mpsc::Sender<()>,
}

impl Service for Small {
    fn parts(&self) -> &Parts {
        &self.parts
    }

    fn overloaded(&self, _: &Parameters) {}

    fn problem(path: &str, problem: Problem) -> Response {
        let body = json!({"path": path, "detail": problem.to_string()}).to_string();
        problem.respond_with("application/json", body.into_bytes())
    }
}

macro_rules! routes {
    ($($method:ident $path:literal $need:expr, $class:ident => $handler:expr;)*) => {
        [$(Route {
            method: Method::$method,
            path: $path,
            need: $need,
            class: Class::$class,
            operation: $path,
            handler: |call| Box::pin($handler(call)),
        },)*]
    };
}

static ROUTES: [Route<Small>; 16] = routes! {
    GET    "/open"         Need::Nothing,             Open       => async |_| Ok(letters(5));
    GET    "/metrics"      Need::Metrics,             Open       => async |_| Ok(letters(5));
    GET    "/small"        Need::User,                Open       => async |_| Ok(letters(1023));
    GET    "/text"         Need::User,                Open       => async |_| Ok(letters(100_000));
    GET    "/large"        Need::User,                Open       => async |_| Ok(letters(LARGE));
    GET    "/items/{name}" Need::User,                Open       => item;
    DELETE "/items/{name}" Need::Role(Role::Admin),   Open       => item;
    POST   "/fast"         Need::Role(Role::Predict), Fast       => async |_| Ok(letters(100_000));
    POST   "/echo"         Need::User,                BySize     => echo;
    PUT    "/upload"       Need::Role(Role::Admin),   Upload     => echo;
    POST   "/batch"        Need::User,                Background => async |_| Ok(letters(100_000));
    POST   "/work"         Need::User,                Background => work;
    POST   "/refuse"       Need::User,                Background => refuse;
    GET    "/panic"        Need::User,                Open       => panic;
    POST   "/count"        Need::User,                Open       => count;
    GET    "/hold"         Need::User,                Open       => hold;
};

/// Compressible text of a given length.
fn letters(length: usize) -> Response {
    let text: Vec<u8> = (b'a'..=b'z').cycle().take(length).collect();
    self::text("text/plain", text)
}

async fn item(call: Call<'_, Small>) -> Result<Response, Problem> {
    let name = call.parameters.get("name").unwrap();
    json(StatusCode::OK, &json!({ "name": name }))
}

async fn echo(mut call: Call<'_, Small>) -> Result<Response, Problem> {
    Ok(text("text/plain", call.read(1 << 20).await?.to_vec()))
}

async fn refuse(_: Call<'_, Small>) -> Result<Response, Problem> {
    Err(Problem::new(StatusCode::CONFLICT, "not now"))
}

async fn panic(_: Call<'_, Small>) -> Result<Response, Problem> {
    panic!("on purpose")
}

async fn count(call: Call<'_, Small>) -> Result<Response, Problem> {
    call.service.begun.fetch_add(1, Ordering::Relaxed);
    Ok(letters(5))
}

async fn hold(call: Call<'_, Small>) -> Result<Response, Problem> {
    call.service.holding.send(()).unwrap();
    call.service.release.acquire().await.unwrap().forget();
    let id = context::current().unwrap().id.clone();
    Ok(text("text/plain", id))
}

/// Works as soon as its body has arrived, until it is released; there is no work without one.
async fn work(mut call: Call<'_, Small>) -> Result<Response, Problem> {
    let body = call.read(16 << 20).await?;
    if body.is_empty() {
        return Ok(text("text/plain", body.to_vec()));
    }
    call.service.holding.send(()).unwrap();
    call.service.release.acquire().await.unwrap().forget();
    Ok(text("text/plain", body.to_vec()))
}

/// All routes, with a value for every parameter.
pub(crate) fn routes() -> impl Iterator<Item = (&'static Method, String, &'static Route<Small>)> {
    let filled = |route: &'static Route<Small>| route.path.replace("{name}", "one");
    ROUTES.iter().map(move |it| (&it.method, filled(it), it))
}

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    web: Config,
    #[command(flatten)]
    auth: canopy_auth::Config,
    /// The memory budget in bytes.
    #[arg(long, default_value_t = 1 << 30)]
    memory: u64,
}

/// A server on its own port; stopped when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) service: Arc<Small>,
    /// Receives a message for every call of the handler of `/hold`.
    pub(crate) holding: mpsc::Receiver<()>,
    /// API keys of users, one per role.
    pub(crate) keys: Vec<(Role, String)>,
    stop: UnboundedSender<()>,
    thread: Option<JoinHandle<()>>,
    _users: TempDir,
}

impl Server {
    /// Starts a server without users, as if on loopback only.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::launch(arguments, true)
    }

    /// Like [`Self::start`], with a user for each role.
    pub(crate) fn with_users(arguments: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("users.json");
        let keys = Role::ALL.map(|role| {
            let key = Users::change(&file, |users| {
                let (user, key) = with_key(None, vec![role].into())?;
                users.users.insert(role.to_string().parse()?, user);
                anyhow::Ok(key)
            });
            (role, key.unwrap())
        });
        let users = ["--users", file.to_str().unwrap()];
        let mut server = Self::launch(&[&users, arguments].concat(), true);
        server.keys = keys.into();
        server._users = folder;
        server
    }

    /// Starts a server; `is_local` says whether it assumes to listen on loopback only.
    pub(crate) fn launch(arguments: &[&str], is_local: bool) -> Self {
        let arguments = ["server"].iter().chain(arguments);
        let cli = Cli::try_parse_from(arguments).unwrap();
        let registry = Registry::new();
        let (holding, held) = mpsc::channel();
        let service = Arc::new(Small {
            parts: Parts {
                config: cli.web,
                is_local,
                auth: Auth::open(&cli.auth).unwrap().map(Arc::new),
                tls: None,
                tracer: None,
                memory: Budget::new(cli.memory),
                permits: Permits::new(8, 4).unwrap(),
                lifecycle: Lifecycle::default(),
                http_metrics: HttpMetrics::new(&registry).unwrap(),
                auth_metrics: AuthMetrics::new(&registry).unwrap(),
            },
            begun: AtomicUsize::new(0),
            release: Semaphore::new(0),
            holding,
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = unbounded_channel();
        let served = Arc::clone(&service);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = listener.try_into().unwrap();
                let table = Arc::new(Table::new(&[&ROUTES]));
                let workers = Workers::start().unwrap();
                serve(served, table, listener, workers, stopped).await;
            });
        });
        Self {
            address,
            service,
            holding: held,
            keys: Vec::new(),
            stop,
            thread: Some(thread),
            _users: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// Sends a request with headers and a body on a new connection.
    pub(crate) fn send(
        &self,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        let is_named = headers.iter().any(|(name, _)| *name == "host");
        let length = body.len().to_string();
        let host = (!is_named).then_some(("host", "localhost"));
        let length = (!body.is_empty()).then_some(("content-length", length.as_str()));
        for (name, value) in headers.iter().copied().chain(host).chain(length) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut connection = self.connect();
        connection.send(&format!("{head}\r\n{body}"));
        connection.answer(method)
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(("GET", path), headers, "")
    }

    /// The API key of the user with a role.
    pub(crate) fn key(&self, role: Role) -> &str {
        let mut keys = self.keys.iter();
        &keys.find(|(it, _)| *it == role).unwrap().1
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The second message ends requests in flight.
        let _ = self.stop.send(());
        let _ = self.stop.send(());
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))));
    }
}
