//! Makes an alert fire and follows it through Prometheus to Alertmanager.
//!
//! The drill itself stops nothing: for the alert that the host is down, the caller stops the host.

mod alert;
mod alertmanager;
mod monitor;
mod prometheus;
mod scenario;
mod watch;

use std::time::Duration;

use clap::Args;
use reqwest::Url;
use tokio::runtime::Runtime;

use crate::argument::{duration, url};
use crate::connection::Connection;
use crate::outcome::Outcome;
use crate::table::table;
use alertmanager::Alertmanager;
use monitor::Monitor;
use prometheus::Prometheus;
use scenario::Scenario;
use watch::Watch;

/// Options of `fire-alert`.
#[derive(Debug, Args)]
pub(crate) struct DrillArguments {
    #[command(flatten)]
    connection: Connection,

    /// Alert to trigger.
    #[arg(
        long = "alert",
        env = "CANOPY_ALERT",
        value_name = "ALERT",
        default_value = "down"
    )]
    scenario: Scenario,

    /// Address of Prometheus.
    #[arg(long, env = "CANOPY_PROMETHEUS", value_name = "URL", default_value = "http://127.0.0.1:9090", value_parser = url)]
    prometheus: Url,

    /// Address of Alertmanager.
    #[arg(long, env = "CANOPY_ALERTMANAGER", value_name = "URL", default_value = "http://127.0.0.1:9093", value_parser = url)]
    alertmanager: Url,

    /// How long the alert may take to reach Alertmanager, such as 90s or 5m.
    #[arg(long, env = "CANOPY_ALERT_LIMIT", value_name = "DURATION", default_value = "3m", value_parser = duration)]
    limit: Duration,
}

/// Triggers and follows the alert; returns whether it arrived in time.
pub(crate) fn run(arguments: &DrillArguments) -> anyhow::Result<bool> {
    let DrillArguments {
        connection,
        scenario,
        ..
    } = arguments;
    let body = scenario.body(&connection.data)?;
    Runtime::new()?.block_on(async {
        let client = connection.client()?.build()?;
        let watch = Watch {
            alert: scenario.alert(),
            prometheus: Prometheus(Monitor::new(
                "Prometheus",
                &arguments.prometheus,
                client.clone(),
            )),
            alertmanager: Alertmanager(Monitor::new(
                "Alertmanager",
                &arguments.alertmanager,
                client,
            )),
        };
        watch.check().await?;
        if let Some(body) = body {
            evaluate(connection, body).await?;
        }
        let seen = watch.follow(arguments.limit).await;
        println!();
        match &seen {
            Ok(seen) => println!("{seen}\n\nRecover: {}", scenario.recovery()),
            Err(error) => println!("{error}"),
        }
        Ok(seen.is_ok())
    })
}

async fn evaluate(connection: &Connection, body: Vec<u8>) -> anyhow::Result<()> {
    let host = connection.host().await?;
    let outcome = Outcome {
        period: "drill".into(),
        result: Ok(host.evaluate(body).await?),
    };
    println!("{}", table(&[outcome]));
    Ok(())
}
