//! HTTP clients.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use reqwest::{Certificate, Client, ClientBuilder};

/// A builder of clients that trust the system's certificate authorities and those in a PEM file.
///
/// # Errors
///
/// If the file cannot be read or contains no valid certificate.
pub(crate) fn builder(ca_certificate: Option<&Path>) -> anyhow::Result<ClientBuilder> {
    // Fails only if a provider is installed already: the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder();
    match ca_certificate {
        Some(file) => Ok(builder.tls_certs_merge(certificates(file)?)),
        None => Ok(builder),
    }
}

fn certificates(file: &Path) -> anyhow::Result<Vec<Certificate>> {
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
