//! A model of another world: three features, three classes, baked from a CSV file.

use std::fmt::Write as _;
use std::path::PathBuf;

use canopy_test_support::Recipe;
use serde_json::{Value, json};

use crate::server::Server;

const SPEC: &str = r#"
name = "fruit"
version = "0.3.0"
task = "classification"
target = "kind"
response_field = "predicted_kind"

[data]
file = "fruit.csv"

[forest]
trees = 20
features_per_split = "all"
seed = 7

[[features]]
name = "weight"
kind = "numerical"
description = "Weight."
unit = "g"

[[features]]
name = "length"
kind = "numerical"
description = "Longest extent."
unit = "cm"

[[features]]
name = "colour"
kind = "categorical"
description = "1 red, 2 yellow, 3 green."
unit = ""
"#;

fn csv() -> String {
    let mut text = String::from("colour,weight,length,kind\n");
    for i in 0..120 {
        let spread = f64::from(i % 10) / 10.0;
        let (colour, weight, length, kind) = match i % 3 {
            0 => (
                1 + i / 3 % 2 * 2,
                150.0 + spread * 20.0,
                7.0 + spread,
                "apple",
            ),
            1 => (2, 120.0 + spread * 20.0, 17.0 + spread, "banana"),
            _ => (1, 12.0 + spread, 3.0 + spread, "strawberry"),
        };
        writeln!(text, "{colour},{weight},{length},{kind}").unwrap();
    }
    text
}

/// The component file of the model of fruit; not to be changed.
pub(crate) fn fruit() -> PathBuf {
    let fruit = Recipe {
        spec: SPEC,
        table: Some(("fruit.csv", &csv())),
        version: "0.3.0",
    };
    fruit.component()
}

#[test]
fn the_same_host_serves_a_classification_baked_from_another_table() {
    let component = fruit();
    let server = Server::start(&component, &["--counted-rows", "3"]);

    let banana = json!({"weight": 121, "length": 17.5, "colour": 2});
    let (status, answer) = server.post_json("/predict", &banana);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["predicted_kind"], "banana");
    let probabilities = answer["probabilities"].as_object().unwrap();
    assert_eq!(
        probabilities.keys().collect::<Vec<_>>(),
        ["apple", "banana", "strawberry"]
    );
    let sum: f64 = probabilities
        .values()
        .map(|share| share.as_f64().unwrap())
        .sum();
    assert!((sum - 1.0).abs() < 1e-12);

    let csv = "length,weight,colour\n17.5,121,2\n3.2,12.5,1\n";
    let request = server
        .post("/predict/batch")
        .header("content-type", "text/csv");
    let answer = request.body(csv).send().unwrap().text().unwrap();
    let mut lines = answer.lines();
    let header = "predicted_kind,probability_apple,probability_banana,probability_strawberry";
    assert_eq!(lines.next(), Some(header));
    assert!(lines.next().unwrap().starts_with("banana,"));
    assert!(lines.next().unwrap().starts_with("strawberry,"));

    let document: Value = server.get("/openapi.json").json().unwrap();
    let record = &document["components"]["schemas"]["Record"]["required"];
    assert_eq!(*record, json!(["weight", "length", "colour"]));
    assert!(
        !document.to_string().contains("cnt"),
        "the host knows of bikes"
    );

    let data = json!({"data": [
        {"weight": 121, "length": 17.5, "colour": 2, "kind": "banana"},
        {"weight": 12.5, "length": 3.2, "colour": 1, "kind": "strawberry"},
        {"weight": 155, "length": 7.2, "colour": 1, "kind": "apple"},
    ]});
    let (status, report) = server.post_json("/evaluate", &data);
    assert_eq!(status, 200, "{report}");
    for score in ["accuracy", "precision", "recall", "f1", "roc_auc"] {
        assert_eq!(report[score], 1.0, "{score}");
    }
    assert_eq!(server.metric("prediction_f1_score"), Some(1.0));
    assert!(server.metric("model_rmse_score").unwrap().is_nan());

    let wrong = json!({"data": [{"weight": 1, "length": 1, "colour": 1, "kind": "pear"}]});
    let (status, problem) = server.post_json("/evaluate", &wrong);
    assert_eq!(status, 422);
    assert_eq!(
        problem["errors"][0]["problem"],
        "is not a class of the model"
    );
}
