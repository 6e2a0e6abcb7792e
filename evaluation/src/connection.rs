use std::time::Duration;

use canopy_dataset::Source;
use clap::Args;
use reqwest::Url;

use crate::argument::{duration, url};
use crate::host::Host;

/// Which host, and which data; the same for every command.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// Address of the host.
    #[arg(long, env = "CANOPY_URL", default_value = "http://127.0.0.1:8080", value_parser = url)]
    url: Url,

    /// API key, if the host asks for one.
    #[arg(long, env = "CANOPY_API_KEY", hide_env_values = true)]
    api_key: Option<String>,

    /// How long to wait for the host to be ready, such as 90s or 2m.
    #[arg(long, env = "CANOPY_WAIT", default_value = "60s", value_parser = duration)]
    wait: Duration,

    /// The data: built in or downloaded as needed (default), only what is built in
    /// (embedded: 2011), or a file in the format of UCI's hour.csv.
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
    /// If the API key cannot be sent, or the host is not ready within the time to wait.
    pub(crate) async fn host(&self) -> anyhow::Result<Host> {
        let host = Host::new(&self.url, self.api_key.as_deref())?;
        host.wait(self.wait).await?;
        Ok(host)
    }
}
