//! Components by name or digest.

use reentry::Tenant;
use reentry::core::digest::ComponentDigest;
use reentry::core::similar::closest;

use super::digest::meant;
use super::{Called, LookupError, only_one};

/// Finds a component by name among those of the tenant, then among the published ones; of several with one name it is
/// the one added or published last. Where no component has that name, it may be a digest. A whole digest is taken as it
/// is: that there is no such component is found out where it is used. The beginning of one will do if it is that of one
/// component only.
///
/// # Errors
/// `Refused` when several digests begin like that; `Damaged`, `Unavailable`.
pub async fn component(tenant: &Tenant, name: &str) -> Result<Option<ComponentDigest>, LookupError> {
    if let Ok(digest) = name.parse() {
        return Ok(Some(digest));
    }
    if let Some(found) = tenant.component_named(name).await? {
        return Ok(Some(found.digest()));
    }
    let components = tenant.components().await?;
    meant(name, components.iter().map(|component| component.digest))
}

/// Finds the component of the tenant that alone has a name, or else as [`component`] does: for what must not choose
/// among several.
///
/// # Errors
/// `Refused` when several have the name, or digests begin like that; `Damaged`, `Unavailable`.
pub async fn component_named(tenant: &Tenant, name: &str) -> Result<Option<ComponentDigest>, LookupError> {
    let components = tenant.components().await?;
    let own = components.iter().filter(|known| known.held && known.name == name);
    match only_one(Called::Name, name, own.map(|known| known.digest).collect(), usize::MAX)? {
        Some(digest) => Ok(Some(digest)),
        None => component(tenant, name).await,
    }
}

/// Finds the component that alone is published under a name, or else as [`component`] does.
///
/// # Errors
/// `Refused` when several are, or digests begin like that; `Damaged`, `Unavailable`.
pub async fn published_named(tenant: &Tenant, name: &str) -> Result<Option<ComponentDigest>, LookupError> {
    let components = tenant.components().await?;
    let published = components.iter().filter(|known| known.published.as_deref() == Some(name));
    match only_one(Called::Name, name, published.map(|known| known.digest).collect(), usize::MAX)? {
        Some(digest) => Ok(Some(digest)),
        None => component(tenant, name).await,
    }
}

/// Finds the name of a component that was probably meant instead of one that there is not.
///
/// # Errors
/// `Damaged`, `Unavailable`.
pub async fn similar_component(tenant: &Tenant, name: &str) -> Result<Option<String>, reentry::Error> {
    let components = tenant.components().await?;
    Ok(closest(name, components.iter().map(|component| component.name.as_str())).map(str::to_owned))
}
