//! Configuration of trace export.

use clap::Args;

use super::endpoint::Endpoint;

/// Where traces go.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Traces")]
#[group(id = "otlp-config")]
pub struct Config {
    /// OpenTelemetry collector that is sent a span of every request and every call of a model, as
    /// OTLP over HTTP; such as http://127.0.0.1:4318 [default: what
    /// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT says, otherwise none].
    #[arg(
        long = "otlp-endpoint",
        value_name = "URL",
        value_parser = Endpoint::of_collector
    )]
    pub endpoint: Option<Endpoint>,
    /// Share of the requests that are traced, of those whose `traceparent` does not decide it
    /// [default: what OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG say, otherwise 1].
    #[arg(
        long = "otlp-sample-ratio",
        value_name = "SHARE",
        value_parser = share
    )]
    pub sample_ratio: Option<f64>,
}

/// Parses a share between 0 and 1.
fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a number from 0 to 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_share_is_a_number_from_0_to_1() {
        let shares = ["0", "0.25", "1"].map(share);
        assert_eq!(shares, [Ok(0.0), Ok(0.25), Ok(1.0)]);
        assert!(
            ["-1", "1.1", "NaN", "all", ""]
                .into_iter()
                .all(|text| share(text).is_err())
        );
    }
}
