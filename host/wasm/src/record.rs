//! What was found out about a component when it was added, kept beside it so that it need not be found out again.
//!
//! Layout: `"RSPR"`, version (u16), length of the facts (u32), the facts as JSON, the encoded base image if there is
//! one, and a seal over all of it. docs/format/snapshot.md has more.

use reentry_core::digest::ComponentDigest;
use reentry_core::snapshot::{BaseImage, SealKey};
use reentry_core::step::Descriptor;
use serde::{Deserialize, Serialize};

use crate::error::LoadError;
use crate::instrument::Layout;

const MAGIC: [u8; 4] = *b"RSPR";
/// The version that is written. Of version 1, which did not say whether data is dropped and was wrong about some
/// instances that differ, the worst is assumed.
const VERSION: u16 = 2;
const HEADER_BYTES: usize = 4 + 2 + 4;

/// What is known of a prepared component.
pub(crate) struct Record {
    pub(crate) descriptors: Vec<Descriptor>,
    pub(crate) state: Kept,
}

/// Whether and how the state of the component's instances is kept.
pub(crate) enum Kept {
    /// In guest images.
    Images {
        layout: Layout,
        base: BaseImage,
        /// Whether all fresh instances look like the base image.
        deterministic: bool,
        /// Whether a module drops data segments.
        drops_data: bool,
    },
    /// Not at all.
    Nothing {
        /// What stands in the way.
        reasons: Vec<String>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Facts {
    component: ComponentDigest,
    descriptors: Vec<Descriptor>,
    state: StateFacts,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum StateFacts {
    Images {
        layout: Layout,
        deterministic: bool,
        #[serde(default = "yes")]
        drops_data: bool,
    },
    Nothing {
        reasons: Vec<String>,
    },
}

fn yes() -> bool {
    true
}

fn key(host_key: &[u8; 32]) -> SealKey {
    SealKey::of_host(host_key, "preparation record")
}

impl Record {
    /// Writes the record.
    pub(crate) fn encode(&self, component: ComponentDigest, host_key: &[u8; 32]) -> Result<Vec<u8>, String> {
        let state = match &self.state {
            Kept::Images { layout, deterministic, drops_data, .. } => StateFacts::Images {
                layout: layout.clone(),
                deterministic: *deterministic,
                drops_data: *drops_data,
            },
            Kept::Nothing { reasons } => StateFacts::Nothing { reasons: reasons.clone() },
        };
        let facts = Facts { component, descriptors: self.descriptors.clone(), state };
        let facts = serde_json::to_vec(&facts).map_err(|error| error.to_string())?;
        let length = u32::try_from(facts.len()).map_err(|_| "the descriptors are too long".to_owned())?;
        let mut out = Vec::with_capacity(HEADER_BYTES + facts.len());
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&facts);
        if let Kept::Images { layout, base, .. } = &self.state {
            let base = base.encode(component, layout.digest(), &key(host_key));
            out.extend_from_slice(&base.map_err(|error| error.to_string())?);
        }
        key(host_key).seal(&mut out);
        Ok(out)
    }

    /// Reads a record of this component. `memory_bytes_max` bounds the base image.
    pub(crate) fn decode(
        bytes: &[u8],
        component: ComponentDigest,
        host_key: &[u8; 32],
        memory_bytes_max: u64,
    ) -> Result<Self, LoadError> {
        let bad = |problem: String| LoadError::Record { component, problem };
        let opened = key(host_key).open(bytes).map_err(|error| bad(error.to_string()))?;
        let short = || bad(format!("it has {} bytes, fewer than it says", bytes.len()));
        let (header, rest) = opened.split_first_chunk::<HEADER_BYTES>().ok_or_else(short)?;
        let [m0, m1, m2, m3, v0, v1, l0, l1, l2, l3] = *header;
        let version = u16::from_le_bytes([v0, v1]);
        if [m0, m1, m2, m3] != MAGIC || !(1..=VERSION).contains(&version) {
            return Err(bad(format!("it is not a preparation record of a version from 1 to {VERSION}")));
        }
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let (facts, base) = rest.split_at_checked(length).ok_or_else(short)?;
        let facts: Facts = serde_json::from_slice(facts).map_err(|error| bad(error.to_string()))?;
        if facts.component != component {
            return Err(bad(format!("it is of component {}", facts.component)));
        }
        let state = match facts.state {
            StateFacts::Nothing { reasons } => Kept::Nothing { reasons },
            StateFacts::Images { layout, deterministic, drops_data } => {
                let base =
                    BaseImage::decode(base, component, layout.digest(), memory_bytes_max, &key(host_key));
                let base = base.map_err(|error| bad(error.to_string()))?;
                Kept::Images { layout, base, deterministic: deterministic && version > 1, drops_data }
            }
        };
        Ok(Self { descriptors: facts.descriptors, state })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_version_1_is_read_and_the_worst_assumed() {
        let (component, host_key) = (ComponentDigest::of(b"component"), [1; 32]);
        let layout = Layout::default();
        let base = BaseImage::new(&[], &[]).unwrap();
        let facts = format!(
            r#"{{"component":"{component}","descriptors":[],"state":{{"images":{{"layout":{},"deterministic":true}}}}}}"#,
            serde_json::to_string(&layout).unwrap()
        );
        let mut bytes = b"RSPR\x01\x00".to_vec();
        bytes.extend_from_slice(&u32::try_from(facts.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(facts.as_bytes());
        bytes.extend_from_slice(&base.encode(component, layout.digest(), &key(&host_key)).unwrap());
        key(&host_key).seal(&mut bytes);
        let record = Record::decode(&bytes, component, &host_key, 1 << 20).unwrap();
        let Kept::Images { deterministic, drops_data, .. } = record.state else { panic!("images are kept") };
        assert!(!deterministic && drops_data);
    }
}
