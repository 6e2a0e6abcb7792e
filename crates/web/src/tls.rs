//! TLS: a certificate from files, reloaded when they change.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use canopy_disk::{ChangeDetector, check_secret};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

use super::config::Config;

/// A certificate and its key, used for new connections.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    files: ChangeDetector,
    config: ArcSwap<ServerConfig>,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read as PEM.
    #[error("{0} cannot be read as PEM")]
    Pem(PathBuf, #[source] pem::Error),
    /// The key is not secret, or cannot be found.
    #[error("the private key {0} cannot be used")]
    Key(PathBuf, #[source] io::Error),
    /// The file holds no certificate.
    #[error("there is no certificate in {0}")]
    NoCertificate(PathBuf),
    /// Certificate and key do not match, or one is of an unsupported kind.
    #[error("the certificate {0} cannot be used with the key {1}")]
    Pair(PathBuf, PathBuf, #[source] rustls::Error),
}

impl Tls {
    /// Loads the configured certificate, if there is one.
    ///
    /// # Errors
    ///
    /// If certificate or key cannot be read, or do not match.
    pub fn open(config: &Config) -> Result<Option<Self>, TlsError> {
        let (Some(certificate), Some(key)) = (&config.tls_certificate, &config.tls_key) else {
            return Ok(None);
        };
        let files = ChangeDetector::new(vec![certificate.clone(), key.clone()]);
        let config = ArcSwap::new(load(certificate, key)?);
        Ok(Some(Self {
            certificate: certificate.clone(),
            key: key.clone(),
            files,
            config,
        }))
    }

    /// An acceptor with the current certificate.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.config.load_full().into()
    }

    /// Reloads certificate and key if their files have changed.
    pub fn refresh(&self) {
        if !self.files.has_changed() {
            return;
        }
        match load(&self.certificate, &self.key) {
            Ok(config) => {
                self.config.store(config);
                info!("certificate reloaded");
            }
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                warn!(error, "certificate not reloaded; the previous one stays");
            }
        }
    }
}

/// Loads a pair. Older sessions cannot be resumed with it, since they would skip the certificate.
fn load(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let unread = |path: &Path| {
        let path = path.to_owned();
        move |error| TlsError::Pem(path, error)
    };
    let chain = CertificateDer::pem_file_iter(certificate).map_err(unread(certificate))?;
    let chain: Vec<_> = chain
        .collect::<Result<_, _>>()
        .map_err(unread(certificate))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(certificate.to_owned()));
    }
    check_secret(key).map_err(|error| TlsError::Key(key.to_owned(), error))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(unread(key))?;
    let unusable = |error| TlsError::Pair(certificate.to_owned(), key.to_owned(), error);
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
