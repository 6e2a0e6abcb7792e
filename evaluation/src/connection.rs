use std::path::PathBuf;
use std::time::Duration;

use canopy_client::certificates;
use canopy_dataset::Source;
use clap::Args;
use reqwest::{ClientBuilder, Url};

use crate::argument::{duration, url};
use crate::host::Host;

/// Options of every command: which host, and which data.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// Address of the host.
    #[arg(long, env = "CANOPY_URL", default_value = "http://127.0.0.1:8080", value_parser = url)]
    url: Url,

    /// API key, if the host requires one.
    #[arg(
        long,
        env = "CANOPY_API_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    api_key: Option<String>,

    /// PEM file of certificate authorities to trust in addition to the system's, for https.
    #[arg(long, env = "CANOPY_CA_CERTIFICATE", value_name = "FILE")]
    ca_certificate: Option<PathBuf>,

    /// How long to wait for the host to become ready, such as 90s or 2m.
    #[arg(long, env = "CANOPY_WAIT", value_name = "DURATION", default_value = "60s", value_parser = duration)]
    wait: Duration,

    /// Source of the data: "default" downloads the table of 2011 and 2012 when a period needs it,
    /// "embedded" uses only the built-in rows of 2011, anything else is a file in the format of
    /// UCI's hour.csv.
    #[arg(
        long,
        env = "CANOPY_DATA",
        default_value = "default",
        value_name = "default|embedded|FILE"
    )]
    pub(crate) data: Source,
}

impl Connection {
    /// The host, once it is ready.
    ///
    /// # Errors
    ///
    /// If the CA certificate or the API key is unusable, or the host does not become ready within
    /// the time to wait.
    pub(crate) async fn host(&self) -> anyhow::Result<Host> {
        let host = Host::new(self.client()?, &self.url, self.api_key.as_deref())?;
        host.wait(self.wait).await?;
        Ok(host)
    }

    /// A client without an API key, for other servers than the host.
    ///
    /// # Errors
    ///
    /// If the CA certificate is unusable.
    pub(crate) fn client(&self) -> anyhow::Result<ClientBuilder> {
        let builder = canopy_client::builder();
        match &self.ca_certificate {
            Some(file) => Ok(builder.tls_certs_merge(certificates(file)?)),
            None => Ok(builder),
        }
    }
}
