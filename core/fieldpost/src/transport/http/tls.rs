//! What TLS trusts: the system's own verifier, and extra roots beside it. rustls with ring: no C build tools, no process-wide default.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::HttpError;

/// The system's own verifier, once made: reading all that the system trusts takes longer than a small upload.
static SYSTEM: OnceLock<Arc<dyn ServerCertVerifier>> = OnceLock::new();

/// The configuration of every connection: HTTP/2 where the host has it, else HTTP/1.1.
pub(super) fn config(extra_roots: &[Vec<u8>]) -> Result<ClientConfig, HttpError> {
    let roots = read(extra_roots)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| HttpError::Setup(e.to_string()))?;
    let mut config = match known(roots, provider)? {
        // Dangerous is what rustls calls every verifier that is not its own; this one asks the system.
        Some(verifier) => builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth(),
        // A system without any root certificates trusts nobody; what needs no TLS still works there.
        None => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The verifier for these extra roots. Without any it is the same one for the whole process; a system that had no roots is
/// asked again.
fn known(
    roots: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ServerCertVerifier>>, HttpError> {
    if !roots.is_empty() {
        return verifier(roots, provider);
    }
    if let Some(system) = SYSTEM.get() {
        return Ok(Some(system.clone()));
    }
    let made = verifier(roots, provider)?;
    Ok(made.map(|made| SYSTEM.get_or_init(|| made).clone()))
}

#[cfg(not(target_os = "android"))]
fn verifier(
    roots: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ServerCertVerifier>>, HttpError> {
    let verifier = Verifier::new_with_extra_roots(roots, provider);
    Ok(verifier.ok().map(|verifier| Arc::new(verifier) as _))
}

#[cfg(target_os = "android")]
fn verifier(
    roots: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ServerCertVerifier>>, HttpError> {
    if !roots.is_empty() {
        return Err(HttpError::ExtraRootsUnsupported);
    }
    let verifier = Verifier::new(provider).map_err(|e| HttpError::Setup(e.to_string()))?;
    Ok(Some(Arc::new(verifier)))
}

/// The certificates in `roots`, each of which is PEM text or one DER certificate.
fn read(roots: &[Vec<u8>]) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    let mut all = Vec::new();
    for root in roots {
        let before = all.len();
        if root.starts_with(&[DER_SEQUENCE]) {
            all.push(CertificateDer::from(root.clone()));
        } else {
            for certificate in CertificateDer::pem_slice_iter(root) {
                all.push(certificate.map_err(|_| HttpError::BadRoot)?);
            }
        }
        if all.len() == before {
            return Err(HttpError::BadRoot);
        }
    }
    // Tried on a store of their own first: the verifier does not tell a bad root from a system without any.
    let mut store = RootCertStore::empty();
    all.iter().try_for_each(|root| store.add(root.clone())).map_err(|_| HttpError::BadRoot)?;
    Ok(all)
}

/// The first byte of every DER certificate; as text it is the digit 0, with which no PEM file that we know begins.
const DER_SEQUENCE: u8 = 0x30;
