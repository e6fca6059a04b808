//! Agents for remediations: the poller's sockets, the same gate, the permit of the run.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use crate::actions::run::{Agent as Asked, AgentError, Agents, Binding, Later, Scalar};
use crate::gate::PermitId;
use crate::model::Text;
use crate::sources::snmp::{Agent, Login, Poller, SnmpError};
use crate::wire::snmp::{Oid, Value, VarBind};

/// The poller, with the logins that credentials stand for.
pub struct PollerAgents {
    poller: Poller,
    logins: RwLock<Arc<BTreeMap<Text, Login>>>,
}

impl PollerAgents {
    /// Without logins nobody can be asked.
    pub fn new(poller: Poller) -> Self {
        Self {
            poller,
            logins: RwLock::default(),
        }
    }

    /// What credentials stand for from now on.
    pub fn set_logins(&self, logins: BTreeMap<Text, Login>) {
        *self.logins.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(logins);
    }

    /// The agents to try, one a credential that is known, in its order.
    fn tries(&self, asked: &Asked) -> Result<Vec<Agent>, AgentError> {
        let logins = Arc::clone(&self.logins.read().unwrap_or_else(PoisonError::into_inner));
        let known = asked.credentials.iter().filter_map(|name| logins.get(name));
        let tries: Vec<Agent> = known
            .map(|login| Agent {
                address: asked.address,
                port: asked.port,
                login: login.clone(),
            })
            .collect();
        if tries.is_empty() {
            let names: Vec<&str> = asked.credentials.iter().map(Text::as_str).collect();
            return Err(AgentError::Other(
                format!(
                    "no usable credential for {} (named: {})",
                    asked.address,
                    names.join(", ")
                )
                .into(),
            ));
        }
        Ok(tries)
    }
}

impl Agents for PollerAgents {
    fn get<'a>(
        &'a self,
        asked: &'a Asked,
        oids: &'a [Text],
        cause: &'a Text,
        permit: Option<PermitId>,
    ) -> Later<'a, Result<Vec<Binding>, AgentError>> {
        Box::pin(async move {
            let names: Vec<Oid> = oids.iter().map(parse).collect::<Result<_, _>>()?;
            let mut last = AgentError::Timeout;
            // who refuses a user it knows is told no community
            let mut barred = false;
            for agent in self.tries(asked)? {
                if barred && !agent.login.is_v3() {
                    continue;
                }
                let v3 = agent.login.is_v3();
                match self
                    .poller
                    .get(agent, names.clone(), cause.clone(), permit)
                    .await
                {
                    Ok(found) => return Ok(found.into_iter().map(binding).collect()),
                    Err(error) => {
                        barred |= v3 && !asked.v2c_fallback && error.is_refusal();
                        last = said(error);
                    }
                }
                if matches!(last, AgentError::NotAllowed(_)) {
                    break;
                }
            }
            Err(last)
        })
    }

    fn set<'a>(
        &'a self,
        asked: &'a Asked,
        bindings: &'a [Binding],
        cause: &'a Text,
        permit: PermitId,
    ) -> Later<'a, Result<(), AgentError>> {
        Box::pin(async move {
            let varbinds: Vec<VarBind> = bindings.iter().map(varbind).collect::<Result<_, _>>()?;
            let mut last = AgentError::Timeout;
            // who refuses a user it knows is told no community
            let mut barred = false;
            for agent in self.tries(asked)? {
                if barred && !agent.login.is_v3() {
                    continue;
                }
                let v3 = agent.login.is_v3();
                match self
                    .poller
                    .set(agent, varbinds.clone(), cause.clone(), permit)
                    .await
                {
                    Ok(_) => return Ok(()),
                    Err(error) => {
                        barred |= v3 && !asked.v2c_fallback && error.is_refusal();
                        last = said(error);
                    }
                }
                if matches!(last, AgentError::NotAllowed(_)) {
                    break;
                }
            }
            Err(last)
        })
    }
}

fn parse(oid: &Text) -> Result<Oid, AgentError> {
    oid.as_str()
        .parse()
        .map_err(|e: crate::wire::snmp::BadOid| AgentError::Other(e.to_string().into()))
}

fn binding(found: VarBind) -> Binding {
    let value = match found.value {
        Value::Integer(n) => Scalar::Integer(n),
        Value::Octets(b) | Value::Opaque(b) => Scalar::Octets(b),
        Value::Null => Scalar::Null,
        Value::Oid(oid) => Scalar::Oid(oid.to_string().into()),
        Value::Ip(ip) => Scalar::Address(IpAddr::V4(ip)),
        Value::Counter32(n) | Value::Gauge32(n) => Scalar::Unsigned(u64::from(n)),
        Value::TimeTicks(n) => Scalar::Ticks(n),
        Value::Counter64(n) => Scalar::Unsigned(n),
        Value::NoSuchObject | Value::NoSuchInstance | Value::EndOfMibView => Scalar::Missing,
    };
    Binding {
        oid: found.oid.to_string().into(),
        value,
    }
}

fn varbind(of: &Binding) -> Result<VarBind, AgentError> {
    let unfit = || AgentError::Other(format!("{} can't be set to {}", of.oid, of.value).into());
    let value = match &of.value {
        Scalar::Integer(n) => Value::Integer(*n),
        Scalar::Unsigned(n) => Value::Gauge32(u32::try_from(*n).map_err(|_| unfit())?),
        Scalar::Ticks(n) => Value::TimeTicks(*n),
        Scalar::Octets(b) => Value::Octets(b.clone()),
        Scalar::Oid(oid) => Value::Oid(parse(oid)?),
        Scalar::Address(IpAddr::V4(ip)) => Value::Ip(*ip),
        Scalar::Address(IpAddr::V6(_)) | Scalar::Null | Scalar::Missing => return Err(unfit()),
    };
    Ok(VarBind {
        oid: parse(&of.oid)?,
        value,
    })
}

fn said(error: SnmpError) -> AgentError {
    match error {
        SnmpError::Timeout(_) => AgentError::Timeout,
        SnmpError::NotAllowed(why) => AgentError::NotAllowed(why),
        other => AgentError::Said(other.to_string().into()),
    }
}
