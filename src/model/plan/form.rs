//! How plans stand in the log and in a snapshot, and what a person consents to.

use std::sync::Arc;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::{PlanOid, PollPart, PollPlan, PollPlans};
use crate::model::{DeviceClass, Job, SensorTable, Text, hex};

/// Plans with their sensor tables.
#[derive(Serialize, Deserialize)]
struct Whole<P, T> {
    plans: P,
    tables: T,
}

/// In the log plans without tables are a list: so they stood there before tables were among them.
#[derive(Deserialize)]
#[serde(untagged)]
enum InLog {
    Plans(Vec<PollPlan>),
    Whole(Whole<Vec<PollPlan>, Arc<Vec<SensorTable>>>),
}

/// JSON, where what is usual is left out. A snapshot holds it as a text, as in its own form nothing can be left out.
impl Serialize for PollPlans {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if !to.is_human_readable() {
            return serde_json::to_string(self)
                .map_err(S::Error::custom)?
                .serialize(to);
        }
        let plans = &self.plans;
        match &self.tables {
            None => plans.serialize(to),
            Some(tables) => Whole { plans, tables }.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for PollPlans {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if !from.is_human_readable() {
            let text = String::deserialize(from)?;
            return serde_json::from_str(&text).map_err(D::Error::custom);
        }
        Ok(match InLog::deserialize(from)? {
            InLog::Plans(plans) => Self {
                plans,
                tables: None,
            },
            InLog::Whole(whole) => Self {
                plans: whole.plans,
                tables: Some(whole.tables),
            },
        })
    }
}

/// What a person consents to of a plan. Frozen: consents in old logs bear the hash of exactly these keys. What a plan learns later
/// and asks no device for more does not stand here.
#[derive(Serialize)]
struct Consented<'a> {
    name: &'a Text,
    version: u32,
    title: &'a Text,
    job: Option<Job>,
    classes: &'a [DeviceClass],
    except: &'a [DeviceClass],
    models: &'a [PlanOid],
    parts: &'a [PollPart],
}

impl PollPlans {
    /// The canonical form: JSON, plans in the order of their names, and after them the sensor tables in the order in which they
    /// are asked.
    pub fn canonical(&self) -> String {
        let plans: Vec<Consented<'_>> = self
            .iter()
            .map(|p| Consented {
                name: &p.name,
                version: p.version,
                title: &p.title,
                job: p.job,
                classes: &p.classes,
                except: &p.except,
                models: &p.models,
                parts: &p.parts,
            })
            .collect();
        // plain data always has a form
        let mut form = serde_json::to_string(&plans).unwrap_or_default();
        if let Some(tables) = &self.tables {
            form.push_str(&serde_json::to_string(tables).unwrap_or_default());
        }
        form
    }

    /// SHA-256 over the canonical form, hexadecimal: what a person consents to.
    pub fn hash(&self) -> Text {
        hex(&Sha256::digest(self.canonical())).into()
    }
}
