//! Two versions of the house model that predict differently, and a host that keeps them.

use std::fs;
use std::sync::{LazyLock, RwLock};

use canopy_test_support::{HOUSE, Recipe};
use tempfile::TempDir;

use crate::house;
use crate::load::{Answer, Connection, Load, post};
use crate::server::Server;

/// The components of the versions 1.0.0 and 2.0.0.
pub(crate) static VERSIONS: LazyLock<[Vec<u8>; 2]> =
    LazyLock::new(|| [fs::read(house::model()).unwrap(), other()]);

/// The house model of other trees.
fn other() -> Vec<u8> {
    let other = Recipe {
        spec: &HOUSE.replace("seed = 42", "seed = 43"),
        table: None,
        version: "2.0.0",
    };
    fs::read(other.component()).unwrap()
}

/// A folder of models, with the first version as `bikes`.
pub(crate) fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("bikes.wasm"), &VERSIONS[0]).unwrap();
    folder
}

/// Serves a folder of models.
pub(crate) fn serve(folder: &TempDir, arguments: &[&str]) -> Server {
    let folder = folder.path().to_str().unwrap();
    Server::spawn(&[&["--models", folder], arguments].concat())
}

/// Uploads a component; answers the status, or nothing if the host is gone.
pub(crate) fn put(server: &Server, name: &str, component: &[u8]) -> Option<u16> {
    let request = server.client.put(server.url(&format!("/models/{name}")));
    let answer = request.body(component.to_vec()).send().ok()?;
    let status = answer.status().as_u16();
    // Only a whole answer is one.
    answer.bytes().ok().map(|_| status)
}

/// The request that the load repeats.
pub(crate) fn request() -> Vec<u8> {
    post("/predict", &house::record().to_string())
}

/// A load on a host, with answers judged by `check`.
pub(crate) fn load<'a>(
    server: &Server,
    rate: f64,
    check: &'a (dyn Fn(&Answer) -> bool + Sync),
) -> Load<'a> {
    Load {
        address: RwLock::new(server.address.clone()),
        request: request(),
        clients: 4,
        rate,
        check,
    }
}

/// What each version predicts for the record of the load.
pub(crate) fn predictions() -> [String; 2] {
    let folder = folder();
    let server = serve(&folder, &[]);
    let predictions = [0, 1].map(|version| {
        assert_eq!(put(&server, "bikes", &VERSIONS[version]), Some(200));
        let mut connection = Connection::open(&server.address).unwrap();
        let Ok(answer) = connection.ask(&request()) else {
            panic!("no answer");
        };
        answer.body
    });
    assert_ne!(predictions[0], predictions[1]);
    predictions
}

/// Whether an answer is wholly that of the version it names.
pub(crate) fn is_of_its_version(answer: &Answer, predictions: &[String; 2]) -> bool {
    let expected = match answer.header("x-model-version") {
        Some("1.0.0") => &predictions[0],
        Some("2.0.0") => &predictions[1],
        _ => return false,
    };
    answer.status == 200 && answer.body == *expected
}
