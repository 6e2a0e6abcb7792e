//! Whose rows are kept for retraining, and what can be done about them.

use canopy_observations as stored;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::authentication::{Guarded, guarded};
use crate::house;
use crate::models::delete;
use crate::server::Server;

const WEEK: &str = "2011-02-08..2011-02-14";

fn evaluate(guarded: &Guarded, role: &str, body: &Value) -> Value {
    let request = guarded.server.post("/evaluate").json(body);
    let request = request.header("x-request-id", format!("by-{role}"));
    let response = request.header("x-api-key", guarded.key(role)).send();
    let response = response.unwrap();
    assert_eq!(response.status(), 200);
    response.json().unwrap()
}

#[test]
fn rows_and_scores_count_only_if_their_sender_may_observe() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let guarded = guarded(&["--observations", path, "--open-metrics"]);
    let body = json!({"data": house::records(WEEK), "evaluation_period_name": "week"});

    let answer = evaluate(&guarded, "evaluate", &body);
    assert_eq!(
        (&answer["observed"], &answer["counted"]),
        (&json!(false), &json!(false))
    );
    assert!(answer["rmse"].is_number());
    assert!(stored::list(folder.path()).unwrap().is_empty());
    assert!(guarded.server.metric("model_rmse_score").unwrap().is_nan());

    let answer = evaluate(&guarded, "admin", &body);
    assert_eq!(
        (&answer["observed"], &answer["counted"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(guarded.server.metric("model_evaluated_rows"), Some(163.0));
    let kept = stored::list(folder.path()).unwrap().remove(0);
    let footer = kept.footer().unwrap();
    assert_eq!(footer.rows, 163);
    let origin = footer.origin;
    let known = |value: &Option<String>| value.clone().unwrap();
    assert_eq!(known(&origin.user), "admin");
    assert_eq!(known(&origin.period), "week");
    assert_eq!(known(&origin.model), "bike-sharing");
    assert_eq!(known(&origin.version), "1.0.0");
    assert_eq!(known(&origin.digest).len(), 64);
    assert_eq!(known(&origin.request), "by-admin");
}

#[test]
fn a_few_perfect_rows_do_not_hide_that_the_model_is_bad() {
    let server = house::server();
    let mut bad = house::records(WEEK);
    for record in &mut bad {
        record["cnt"] = json!(900);
    }
    assert_eq!(server.post_json("/evaluate", &json!({"data": bad})).0, 200);
    let rmse = server.metric("model_rmse_score").unwrap();
    assert!(rmse > 500.0, "{rmse}");

    let mut perfect = house::record();
    let (_, prediction) = server.post_json("/predict", &perfect);
    perfect["cnt"] = prediction["predicted_count"].clone();
    for observe in [false, true] {
        let body = json!({"data": [perfect], "observe": observe});
        let (status, answer) = server.post_json("/evaluate", &body);
        assert_eq!((status, &answer["rmse"]), (200, &json!(0.0)));
        assert_eq!(answer["counted"], false);
        assert_eq!(server.metric("model_rmse_score"), Some(rmse));
        assert_eq!(server.metric("model_evaluated_rows"), Some(163.0));
    }
}

#[test]
fn observations_are_listed_shown_and_removed_for_good() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let server = Server::start(house::model(), &["--observations", path]);
    for period in ["2011-02-01..2011-02-07", WEEK] {
        let body = json!({"data": house::records(period), "evaluation_period_name": period});
        assert_eq!(server.post_json("/evaluate", &body).1["observed"], true);
    }
    let list = |query: &str| -> Vec<Value> {
        let answer: Value = server.get(&format!("/observations{query}")).json().unwrap();
        answer["observations"].as_array().unwrap().clone()
    };
    let all = list("");
    let periods: Vec<&Value> = all.iter().map(|it| &it["period"]).collect();
    assert_eq!(periods, [WEEK, "2011-02-01..2011-02-07"]);
    assert_eq!(
        (&all[0]["rows"], &all[0]["user"]),
        (&json!(163), &Value::Null)
    );
    let id = all[0]["id"].as_str().unwrap();
    assert_eq!(list(&format!("?before={id}")), all[1..]);
    assert_eq!(list("?limit=1"), all[..1]);

    let path = format!("/models/bike-sharing/observations/{id}");
    let shown: Value = server.get(&path).json().unwrap();
    assert_eq!(shown["version"], "1.0.0");
    let columns = shown["columns"].as_array().unwrap();
    let target = columns.iter().find(|it| it["column"] == "cnt").unwrap();
    assert!(
        target["maximum"].as_f64() > target["mean"].as_f64(),
        "{target}"
    );

    assert_eq!(delete(&server, &path), 204);
    assert_eq!(delete(&server, &path), 404);
    assert_eq!(server.get(&path).status(), 404);
    assert_eq!(list(""), all[1..]);
    assert_eq!(stored::read(folder.path()).unwrap().len(), 1);
    assert_eq!(delete(&server, "/observations/..%2Fusers"), 404);

    let without = house::server().get("/observations");
    assert_eq!(without.status(), 404);
    assert!(without.text().unwrap().contains("--observations"));
}
