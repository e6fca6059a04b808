//! Stopping a run.

use tokio::sync::watch;

/// Stops a run. Dropping it stops nothing: a run goes on when the session that started it has left.
#[derive(Clone, Debug)]
pub struct Canceller(watch::Sender<bool>);

/// What a run listens to.
#[derive(Clone, Debug)]
pub struct Cancel(watch::Receiver<bool>);

/// A new pair.
pub fn cancel() -> (Canceller, Cancel) {
    let (sender, receiver) = watch::channel(false);
    (Canceller(sender), Cancel(receiver))
}

impl Canceller {
    /// Stops it: a program's process group is ended, a port is opened again at once.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}

impl Cancel {
    /// Was it stopped?
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when it is stopped.
    pub async fn cancelled(&mut self) {
        if self.0.wait_for(|stopped| *stopped).await.is_err() {
            // nobody is left who could stop it
            std::future::pending::<()>().await;
        }
    }
}
