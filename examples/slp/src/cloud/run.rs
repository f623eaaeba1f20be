//! A job on its way: what the machine of `slp-transport` asks for, done.

use std::path::Path;

use slp_model::UnixSeconds;
use slp_transport::ErrorKind;
use slp_transport::upload::{Upload, UploadAction, UploadEvent, UploadOutcome, UploadPhase};

use super::Cloud;
use super::job::{Job, Stage};
use crate::commands::request::{self, words};
use crate::console::{Session, Stop};

/// A job at work.
pub(crate) struct Run<'f> {
    pub(crate) job: Job,
    folder: &'f Path,
    upload: Upload,
    message: Vec<u8>,
}

impl<'f> Run<'f> {
    pub(crate) fn new(job: Job, folder: &'f Path) -> Result<Self, Stop> {
        let (upload, message) = (Upload::resume(job.upload.clone()), job.message(folder)?);
        Ok(Self { job, folder, upload, message })
    }

    /// When there is something to do again.
    pub(crate) fn due(&self) -> Option<UnixSeconds> {
        self.upload.next_deadline()
    }

    /// Begins, or goes on after an interruption, as far as it gets without waiting for the answer.
    pub(crate) fn start(&mut self, cloud: &mut Cloud, session: &mut Session<'_>) -> Result<(), Stop> {
        self.go(UploadEvent::Start, cloud, session)
    }

    /// Its time has come.
    pub(crate) fn tick(&mut self, cloud: &mut Cloud, session: &mut Session<'_>) -> Result<(), Stop> {
        self.go(UploadEvent::Tick, cloud, session)
    }

    fn go(&mut self, event: UploadEvent, cloud: &mut Cloud, session: &mut Session<'_>) -> Result<(), Stop> {
        let (mut event, mut why) = (Some(event), None);
        loop {
            let Some(next) = event.take() else {
                // A repeat of the submit is waited for, the answer is not: `slp poll` comes for it.
                let Some(due) = self.due().filter(|_| self.upload.state().phase == UploadPhase::Submitting) else {
                    return Ok(());
                };
                request::wait(self.job.name(), why.take(), due, session)?;
                event = Some(UploadEvent::Tick);
                continue;
            };
            for action in self.upload.handle(next, session.world.now()) {
                match action {
                    UploadAction::Save => {
                        self.job.upload = self.upload.state().clone();
                        self.job.save(self.folder)?;
                    }
                    UploadAction::Submit => {
                        let answer = cloud.submit(&self.message);
                        why = request::reason(&answer);
                        event = Some(UploadEvent::answered(answer));
                    }
                    UploadAction::Poll { id, action, nonce, .. } => {
                        event = Some(UploadEvent::answered(cloud.poll(session.world.clock.now(), nonce, id, action)));
                    }
                    UploadAction::RefreshToken => event = Some(UploadEvent::TokenRefreshed(cloud.refresh())),
                    UploadAction::OtherNonce => {
                        session.messages.note(&format!("{}: the answer has another nonce", self.job.name()));
                    }
                    UploadAction::Finished(outcome) => self.end(outcome, session)?,
                    _ => {}
                }
            }
        }
    }

    /// The result is on disk before the job says that it is.
    fn end(&mut self, outcome: UploadOutcome, session: &mut Session<'_>) -> Result<(), Stop> {
        let name = self.job.name().to_owned();
        match outcome {
            UploadOutcome::Done(results) => {
                self.job.keep_result(self.folder, &results)?;
                self.job.stage = Stage::Answered;
            }
            UploadOutcome::AlreadyReported => {
                self.job.stage = Stage::AlreadyReported;
                session
                    .messages
                    .note(&format!("{name}: the cloud has these reports already, and gives no answer again"));
            }
            UploadOutcome::Failed(error) => {
                let text = words(&error);
                session.messages.error(&format!("{name}: {text}"));
                // What the cloud understood and refused stays refused; the rest may be mended and go on.
                if matches!(error.kind(), ErrorKind::Server | ErrorKind::Status) {
                    self.job.stage = Stage::Refused(text);
                }
            }
            _ => session.messages.error(&format!("{name}: no answer in a day; poll again to go on")),
        }
        Ok(())
    }
}
