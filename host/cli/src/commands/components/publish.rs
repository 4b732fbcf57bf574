//! `reentry components publish` and `unpublish`: a component for all tenants.

use reentry_wire::lookup::published_named;
use reentry_wire::{ComponentPublished, ComponentUnpublished};

use super::{named, there_is};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::{Background, Session};
use crate::ui::harmless;

/// Publish a component of yours to all tenants
///
/// Each tenant finds it by its name, where it has no component of that name itself. It is for those who operate the
/// host: what is published is what others run. It stays published when you remove your own (`reentry components
/// remove`).
#[derive(Debug, clap::Args)]
pub(crate) struct Publish {
    /// The component: its name, its digest, or the first digits
    #[arg(value_name = "DIGEST|NAME")]
    component: String,

    /// Name by which all tenants find it [default: the one that you have for it]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// End that a component is published
///
/// Refused while a tenant that does not have the component itself needs it: for a current version of a workflow, or a
/// run that is kept, ended or not.
#[derive(Debug, clap::Args)]
pub(crate) struct Unpublish {
    /// The component: the name that it is published under, its digest, or the first digits
    #[arg(value_name = "DIGEST|NAME")]
    component: String,
}

pub(super) async fn publish(args: &Publish, session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    let tenant = session.tenant_on(&host);
    let digest = named(session, &tenant, &args.component).await?;
    let name = host.publish_component(tenant.id(), digest, args.name.as_deref()).await?;
    if session.ui.is_json() {
        session.ui.print_json(&ComponentPublished { name, published: digest })?;
    } else {
        session.ui.note(&format!("published component {digest} as `{}`", harmless(&name)));
    }
    Ok(Exit::Done)
}

pub(super) async fn unpublish(args: &Unpublish, session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    let tenant = session.tenant_on(&host);
    let found = published_named(&tenant, &args.component).await?;
    let digest = there_is(session, &tenant, &args.component, found).await?;
    host.unpublish_component(digest).await?;
    if session.ui.is_json() {
        session.ui.print_json(&ComponentUnpublished { unpublished: digest })?;
    } else {
        session.ui.note(&format!("component {digest} is not published any more"));
    }
    Ok(Exit::Done)
}
