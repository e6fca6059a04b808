//! One question on the wire: from an [`Ask`] to datagrams and back, with the discovery and clock of a v3 engine. Bytes in,
//! bytes out; no socket and no timer.

use std::sync::Arc;

use super::ask::Ask;
use super::engine::Engine;
use super::io::{Failure, Reply};
use super::login::{How, Ready};
use crate::model::{PacketKind, Text};
use crate::wire::snmp::usm::{EngineClock, LocalKeys, Stat, UsmError};
use crate::wire::snmp::{
    DecodeError, EncodeError, MAX_DATAGRAM, MessageHead, Outgoing, PduHead, PduKind, Prepared,
    V3Flags, V3Header, seal_pdu,
};

/// The longest answer that is taken, as a message says it (RFC 3412, 6.3).
const MAX_SIZE: i32 = MAX_DATAGRAM as i32;

/// Why an engine whose boots stand at the end is not believed.
const LATCHED: &str = "its boots counter stands at its end, 2147483647 (RFC 3414, 2.2.2): it needs another engine id, or its users new keys";

/// A question under way.
#[derive(Debug)]
pub(super) struct Exchange {
    /// `request-id`, and `msgID` in v3.
    pub(super) id: i32,
    ask: Ask,
    login: Arc<Ready>,
    discovered: bool,
    resynced: bool,
    /// The datagram on its way is a discovery.
    discovering: bool,
    /// Nothing came back to encrypted questions: the one on its way is not encrypted, and asks for the uptime only.
    probing: bool,
    /// An engine that a Report named; it becomes the agent's once an authentic message comes from it.
    candidate: Option<Engine>,
    /// A refusal that nobody signed although the agent answered to this credential before: it counts when nothing else comes.
    doubt: Option<Failure>,
    /// The same, of an engine that is not the one that answered before.
    candidate_doubt: Option<Failure>,
}

/// What a datagram came to.
#[derive(Debug)]
pub(super) enum Heard {
    /// The answer.
    Answer(Result<Reply, Failure>),
    /// Send the question (again) at once: the engine is known now, or its clock is.
    Again,
    /// Not for this question: another id, another engine.
    Stranger,
    /// It claims to be the answer, and its digest or its time is wrong (RFC 3414, 3.2): nothing of it is believed.
    NotAuthentic,
    /// A refusal that anybody could have sent: wait for what else comes.
    Doubtful,
    /// Nonsense; the agent may yet send sense.
    Malformed(DecodeError),
}

impl Exchange {
    pub(super) fn new(id: i32, ask: Ask, login: Arc<Ready>) -> Self {
        Self {
            id,
            ask,
            login,
            discovered: false,
            resynced: false,
            discovering: false,
            probing: false,
            candidate: None,
            doubt: None,
            candidate_doubt: None,
        }
    }

    /// An attempt ran out of time: the refusal that was not believed at once, if there was one. Else an engine that only a Report
    /// named is given up for the one that is known; what it refused counts after the `last` attempt.
    pub(super) fn out_of_time(&mut self, engine: Option<&Engine>, last: bool) -> Option<Failure> {
        if engine.is_some_and(|e| e.proven) {
            self.candidate = None;
        }
        let of_candidate = self.candidate_doubt.take_if(|_| last);
        self.doubt.take().or(of_candidate)
    }

    /// It gave up. Worth one more datagram, to tell a wrong privacy password (many agents say nothing to noise) from silence?
    /// Only where the agent's engine is known, and never for a credential that was answered before.
    pub(super) fn probe_privacy(&mut self, engine: Option<&Engine>) -> bool {
        let worth = self.level().privacy
            && self
                .candidate
                .as_ref()
                .or(engine)
                .is_some_and(|engine| !engine.knows(&self.login));
        self.probing |= worth;
        worth
    }

    pub(super) fn ask(&self) -> &Ask {
        &self.ask
    }

    /// What the ledger calls the next datagram; a discovery, and a probe, are GETs.
    pub(super) fn kind(&self, engine: Option<&Engine>) -> PacketKind {
        let discovers = matches!(self.login.how, How::User { .. })
            && engine.is_none()
            && self.candidate.is_none();
        if discovers || self.probing {
            PacketKind::Get
        } else {
            self.ask.kind()
        }
    }

    /// What goes into the next datagram, an engine being known.
    fn request(&self) -> Ask {
        if self.probing {
            Ask::touch()
        } else {
            self.ask.clone()
        }
    }

    /// Appends the datagram to send now. `salt` is another one for each; `scratch` is only used meanwhile.
    pub(super) fn datagram(
        &mut self,
        engine: Option<&Engine>,
        now_ms: u64,
        salt: u64,
        scratch: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let (user, context) = match &self.login.how {
            How::Community { version, community } => {
                return self
                    .ask
                    .prepared()
                    .message(*version, community.bytes(), self.id, out)
                    .map(drop)
                    .map_err(Failure::TooLong);
            }
            How::Broken(why) => return Err(Failure::Refused(why.clone())),
            How::User { user, context, .. } => (user, context),
        };
        scratch.clear();
        let Some(engine) = self.candidate.as_ref().or(engine) else {
            // RFC 3414, 4: an empty request to an unknown engine, answered by a Report that names it
            self.discovering = true;
            Prepared::request(PduKind::Get, (0, 0), []).pdu(self.id, scratch);
            let head = Outgoing {
                msg_id: self.id,
                max_size: MAX_SIZE,
                flags: V3Flags {
                    reportable: true,
                    ..V3Flags::default()
                },
                engine_id: &[],
                boots: 0,
                time: 0,
                user: &[],
                context_engine_id: &[],
                context_name: &[],
            };
            return sealed(&head, scratch, None, salt, out);
        };
        self.discovering = false;
        let flags = self.level();
        let (boots, time) = if flags.auth {
            engine.clock.now(now_ms)
        } else {
            (0, 0)
        };
        self.request().prepared().pdu(self.id, scratch);
        let keys = engine.keys(&self.login);
        let head = Outgoing {
            msg_id: self.id,
            max_size: MAX_SIZE,
            flags,
            engine_id: &engine.id,
            boots,
            time,
            user,
            context_engine_id: &engine.id,
            context_name: context,
        };
        sealed(&head, scratch, keys.as_deref(), salt, out)
    }

    fn level(&self) -> V3Flags {
        let (auth, privacy) = match &self.login.how {
            How::User { keys, .. } => (keys.has_auth(), keys.has_privacy()),
            _ => (false, false),
        };
        V3Flags {
            auth,
            privacy: privacy && !self.probing,
            reportable: true,
        }
    }

    /// Judges a datagram from the agent's address. `scratch` is only used meanwhile.
    pub(super) fn hear(
        &mut self,
        bytes: &[u8],
        engine: &mut Option<Engine>,
        now_ms: u64,
        scratch: &mut Vec<u8>,
    ) -> Heard {
        match &self.login.how {
            How::Community { version, .. } => {
                let head = match MessageHead::parse(bytes) {
                    Ok(head) => head,
                    Err(error) => return Heard::Malformed(error),
                };
                if head.pdu.kind != PduKind::Response
                    || head.version != *version
                    || head.pdu.request_id != self.id
                {
                    return Heard::Stranger;
                }
                match reply(&head.pdu, bytes) {
                    Ok(reply) => Heard::Answer(Ok(reply)),
                    Err(error) => Heard::Malformed(error),
                }
            }
            How::User { .. } => self.hear_v3(bytes, engine, now_ms, scratch),
            How::Broken(_) => Heard::Stranger,
        }
    }

    fn hear_v3(
        &mut self,
        bytes: &[u8],
        engine: &mut Option<Engine>,
        now_ms: u64,
        scratch: &mut Vec<u8>,
    ) -> Heard {
        let header = match V3Header::parse(bytes) {
            Ok(header) => header,
            Err(error) => return Heard::Malformed(error),
        };
        if header.msg_id != self.id {
            return Heard::Stranger;
        }
        // the engine that was known may answer although a Report named another one
        let of = |e: &&Engine| e.id == header.engine_id;
        let asked = self.candidate.as_ref().filter(of);
        let asked = asked.or(engine.as_ref().filter(of));
        let keys = match (header.flags.auth, asked) {
            (false, _) => None,
            (true, Some(asked)) => asked.keys(&self.login),
            (true, None) => return Heard::Stranger,
        };
        let scoped = match header.open_pdu(bytes, keys.as_deref(), scratch) {
            Ok(scoped) => scoped,
            Err(UsmError::WrongDigest | UsmError::NoKeys) => return Heard::NotAuthentic,
            Err(UsmError::Decode(error)) => return Heard::Malformed(error),
            Err(UsmError::Undecipherable) => return Heard::Answer(Err(noise())),
        };
        let head = match PduHead::parse(scoped.pdu) {
            Ok(head) => head,
            // authentic noise: it was encrypted with another key
            Err(_) if header.flags.privacy => return Heard::Answer(Err(noise())),
            Err(error) => return Heard::Malformed(error),
        };
        match head.kind {
            PduKind::Report => {
                let bindings = head.bindings(scoped.pdu).unwrap_or_default();
                let stat =
                    (0..bindings.len()).find_map(|at| Stat::of_name(&bindings.name(at)?.to_oid()));
                self.report(&header, stat, engine, now_ms)
            }
            PduKind::Response => self.response(&header, &head, scoped.pdu, engine, now_ms),
            _ => Heard::Stranger,
        }
    }

    fn report(
        &mut self,
        message: &V3Header<'_>,
        stat: Option<Stat>,
        engine: &mut Option<Engine>,
        now_ms: u64,
    ) -> Heard {
        if stat == Some(Stat::UnknownEngineIds) {
            let known = self.candidate.as_ref().or(engine.as_ref());
            let news = known.is_none_or(|e| e.id != message.engine_id);
            // RFC 3411, 5: SnmpEngineID has 5 to 32 octets
            if self.discovered || !news || !(5..=32).contains(&message.engine_id.len()) {
                return Heard::Stranger;
            }
            self.discovered = true;
            self.candidate = Some(Engine::named(message, now_ms));
            return Heard::Again;
        }
        let of = |e: &&Engine| e.id == message.engine_id;
        let by_candidate = self.candidate.as_ref().is_some_and(|c| of(&c));
        let by_known = engine.as_ref().is_some_and(|e| of(&e));
        // a Report to a discovery can't be about a user or digest: there was none
        if self.discovering || !(by_candidate || by_known) {
            return Heard::Stranger;
        }
        if stat == Some(Stat::NotInTimeWindows) {
            // only an authentic Report may move the clock; its fresh msgID keeps old ones out
            if !message.flags.auth {
                return Heard::NotAuthentic;
            }
            let clock = EngineClock::new(message.boots, message.time, now_ms);
            if self.resynced || clock.is_latched() {
                let why = if clock.is_latched() {
                    LATCHED
                } else {
                    Stat::NotInTimeWindows.word()
                };
                return Heard::Answer(Err(Failure::Refused(why.into())));
            }
            self.resynced = true;
            *engine = Some(Engine::set_right(message, engine.take(), now_ms));
            self.candidate = None;
            return Heard::Again;
        }
        let refusal = match stat {
            Some(Stat::UnknownUserNames) => Failure::UnknownUser,
            Some(stat) => Failure::Refused(stat.word().into()),
            None => Failure::Refused("an unknown Report".into()),
        };
        let worked = engine.as_ref().is_some_and(|e| e.knows(&self.login));
        if message.flags.auth || !worked {
            return Heard::Answer(Err(refusal));
        }
        if by_known {
            self.doubt = Some(refusal);
        } else {
            self.candidate_doubt = Some(refusal);
        }
        Heard::Doubtful
    }

    fn response(
        &mut self,
        message: &V3Header<'_>,
        head: &PduHead,
        pdu: &[u8],
        engine: &mut Option<Engine>,
        now_ms: u64,
    ) -> Heard {
        let level = self.level();
        let of = |e: &Engine| e.id == message.engine_id;
        let by_candidate = self.candidate.as_ref().is_some_and(of);
        let ours = head.request_id == self.id
            && message.flags.auth == level.auth
            && message.flags.privacy == level.privacy
            && (by_candidate || engine.as_ref().is_some_and(of));
        if !ours || self.discovering {
            return Heard::Stranger;
        }
        let answer = match reply(head, pdu) {
            Ok(answer) => answer,
            Err(_) if level.privacy => return Heard::Answer(Err(noise())),
            Err(error) => return Heard::Malformed(error),
        };
        if self.probing {
            return Heard::Answer(Err(Failure::Refused(
                "wrong privacy password or protocol (it knows the user, and does not answer encrypted questions)".into(),
            )));
        }
        if let Some(candidate) = self.candidate.take().filter(|_| by_candidate) {
            *engine = Some(candidate);
        }
        if let Some(known) = engine.as_mut() {
            if level.auth && !known.keep_time(message, now_ms) {
                return if known.clock.is_latched() {
                    Heard::Answer(Err(Failure::Refused(LATCHED.into())))
                } else {
                    Heard::NotAuthentic
                };
            }
            known.answers_to(&self.login);
        }
        Heard::Answer(Ok(answer))
    }
}

fn reply(head: &PduHead, bytes: &[u8]) -> Result<Reply, DecodeError> {
    Ok(Reply {
        error_status: head.error_status,
        error_index: head.error_index,
        bindings: head.bindings(bytes)?,
    })
}

fn noise() -> Failure {
    Failure::Refused("its answer can't be decrypted: wrong privacy password or protocol".into())
}

fn sealed(
    head: &Outgoing<'_>,
    pdu: &[u8],
    keys: Option<&LocalKeys>,
    salt: u64,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    seal_pdu(head, pdu, keys, salt, out).map_err(|error| match error {
        EncodeError::TooLong(n) => Failure::TooLong(n),
        EncodeError::Usm(_) => Failure::Refused(Text::from(error.to_string())),
    })?;
    debug_assert!(out.len() <= MAX_DATAGRAM);
    Ok(())
}

#[cfg(test)]
mod tests;
