use std::fmt;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::alertmanager::{Alertmanager, Arrived};
use super::monitor::MonitorError;
use super::prometheus::{Active, Prometheus};

/// Pause between two polls of the monitors.
const PAUSE: Duration = Duration::from_millis(250);

/// An alert, and the monitors to poll for it.
pub(crate) struct Watch {
    pub(crate) alert: &'static str,
    pub(crate) prometheus: Prometheus,
    pub(crate) alertmanager: Alertmanager,
}

/// An alert that is firing and has arrived.
pub(crate) struct Delivered<'a> {
    watch: &'a Watch,
    active: Active,
    arrived: Arrived,
}

/// The alert did not arrive in time.
#[derive(Debug, Error)]
#[error("{alert} did not arrive within {limit:?}: {state}")]
pub(crate) struct NotDelivered {
    alert: &'static str,
    limit: Duration,
    /// The last observed state.
    state: String,
}

impl Watch {
    /// Checks that both monitors respond.
    pub(crate) async fn check(&self) -> Result<(), MonitorError> {
        self.prometheus.alert(self.alert).await?;
        self.alertmanager.check().await
    }

    /// Waits until the alert is firing in Prometheus and has arrived at Alertmanager, and prints
    /// every change of state. Retries if a monitor does not respond, as it may be starting.
    ///
    /// # Errors
    ///
    /// If this takes longer than `limit`.
    pub(crate) async fn follow(&self, limit: Duration) -> Result<Delivered<'_>, NotDelivered> {
        println!("Waiting for {}, at most {limit:?}.", self.alert);
        let start = Instant::now();
        let mut shown = String::new();
        loop {
            let state = match self.poll().await {
                Ok(Poll::Delivered(delivered)) => {
                    let state = format!("Alertmanager: {}", delivered.arrived.state());
                    show(start, &state);
                    return Ok(*delivered);
                }
                Ok(Poll::State(state)) => state,
                Err(error) => error.to_string(),
            };
            if state != shown {
                show(start, &state);
                shown = state;
            }
            if start.elapsed() + PAUSE > limit {
                let alert = self.alert;
                return Err(NotDelivered {
                    alert,
                    limit,
                    state: shown,
                });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn poll(&self) -> Result<Poll<'_>, MonitorError> {
        let Some(active) = self.prometheus.alert(self.alert).await? else {
            return Ok(Poll::State("Prometheus: inactive".into()));
        };
        let state = format!("Prometheus: {}", active.state);
        if active.state != "firing" {
            return Ok(Poll::State(state));
        }
        let arrived = self.alertmanager.alert(&active.alert.labels).await?;
        Ok(match arrived {
            Some(arrived) => Poll::Delivered(Box::new(Delivered {
                watch: self,
                active,
                arrived,
            })),
            None => Poll::State(state),
        })
    }
}

enum Poll<'a> {
    State(String),
    Delivered(Box<Delivered<'a>>),
}

fn show(start: Instant, state: &str) {
    println!("{:>5.0} s  {state}", start.elapsed().as_secs_f64());
}

/// Shows the alert as both monitors report it.
impl fmt::Display for Delivered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Watch {
            prometheus,
            alertmanager,
            ..
        } = self.watch;
        let Active {
            state,
            since,
            alert,
        } = &self.active;
        writeln!(f, "As Prometheus sees it, {}/alerts:", prometheus.0.url)?;
        writeln!(f, "  {:<12} {state} since {since}{alert}\n", "state")?;

        let arrived = &self.arrived;
        let (state, since) = (arrived.state(), &arrived.since);
        writeln!(f, "As Alertmanager sees it, {}:", alertmanager.0.url)?;
        writeln!(f, "  {:<12} {state} since {since}", "state")?;
        write!(f, "  {:<12} {}", "receivers", arrived.receivers())
    }
}
