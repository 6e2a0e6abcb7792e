//! HTTP clients: the TLS provider, and certificate authorities from a file.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use reqwest::{Certificate, Client, ClientBuilder};

/// A builder of clients whose TLS works whatever else the process has set up.
pub fn builder() -> ClientBuilder {
    install_tls_provider();
    Client::builder()
}

/// Makes `ring` the TLS provider of the process; clients that are not made by [`builder`] need it.
pub fn install_tls_provider() {
    // Fails only if a provider is installed already: the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The certificate authorities in a PEM file.
///
/// # Errors
///
/// If the file cannot be read or contains no valid certificate.
pub fn certificates(file: &Path) -> anyhow::Result<Vec<Certificate>> {
    let name = file.display();
    let pem = fs::read(file).with_context(|| format!("cannot read the CA certificate {name}"))?;
    let certificates = Certificate::from_pem_bundle(&pem)
        .with_context(|| format!("the CA certificate {name} is not valid PEM"))?;
    ensure!(
        !certificates.is_empty(),
        "the CA certificate {name} is not in PEM format: \
         expected a file with a line -----BEGIN CERTIFICATE-----"
    );
    Ok(certificates)
}
