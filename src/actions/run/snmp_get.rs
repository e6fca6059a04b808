//! One GET, beside the schedule.

use std::time::Duration;

use super::End;
use super::cancel::Cancel;
use super::report::Report;
use super::seams::{Agent, AgentError, Agents, Clock};
use crate::model::{RunState, Text};

/// Asks, and says what came.
pub(super) async fn run(
    (agents, clock): (&dyn Agents, &dyn Clock),
    (agent, oids, cause): (&Agent, &[Text], &Text),
    timeout: Duration,
    report: &mut Report<'_>,
    cancel: &mut Cancel,
) -> End {
    // no permit: the touch policy alone decides over a GET
    let answer = tokio::select! {
        biased;
        () = cancel.cancelled() => return End {
            state: RunState::Cancelled,
            exit: None,
            outcome: Text::from("stopped before an answer came"),
        },
        answer = agents.get(agent, oids, cause, None) => answer,
        () = clock.sleep(timeout) => Err(AgentError::Timeout),
    };
    match answer {
        Ok(bindings) => {
            for one in &bindings {
                report.say(format!("{} = {}", one.oid, one.value)).await;
            }
            End {
                state: RunState::Succeeded,
                exit: None,
                outcome: Text::from(match bindings.as_slice() {
                    [one] => one.value.to_string(),
                    many => format!("{} values", many.len()),
                }),
            }
        }
        Err(AgentError::Timeout) => End {
            state: RunState::TimedOut,
            exit: None,
            outcome: Text::from("no answer"),
        },
        Err(error) => End::failed(error.to_string()),
    }
}
