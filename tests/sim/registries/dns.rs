//! Names without the proxy: a resolver for clients in the same process.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::fault::{Fault, Layer};
use super::world::World;

/// Resolves the hosts of the internet to their own ports on the loopback interface.
pub(crate) struct Dns {
    world: Arc<World>,
}

impl Dns {
    pub(super) fn new(world: &Arc<World>) -> Self {
        Self {
            world: Arc::clone(world),
        }
    }
}

impl Resolve for Dns {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let acting = self.world.rules.first(Layer::Dns, &host);
        let address = self.world.address(&host);
        let world = Arc::clone(&self.world);
        Box::pin(async move {
            // As the C library words EAI_NONAME and EAI_AGAIN.
            let failed = |why: &str| {
                let text = format!("failed to lookup address information: {why}");
                Err(io::Error::other(text).into())
            };
            match acting.map(|acting| (acting.rule, acting.fault)) {
                Some((_, Fault::ServFail | Fault::DnsRefused)) => {
                    failed("Temporary failure in name resolution")
                }
                Some((_, Fault::Sinkhole(address))) => {
                    Ok(Box::new(std::iter::once(SocketAddr::from((address, 443)))) as Addrs)
                }
                Some((rule, Fault::DnsTimeout)) => {
                    world.rules.healed(rule).await;
                    failed("Temporary failure in name resolution")
                }
                Some(_) => failed("Name or service not known"),
                None => match address {
                    Some(address) => Ok(Box::new(std::iter::once(address)) as Addrs),
                    None => failed("Name or service not known"),
                },
            }
        })
    }
}
