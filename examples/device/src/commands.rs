//! The words of an operator, as on a device: `license smart …`, `show license …`.

use slp_kit::Error;
use slp_model::UnixMillis;
use slp_rum::codes::simulate;
use slp_rum::import::may_return;
use slp_transport::agent::Event;
use slp_transport::cssm::Token;
use slp_transport::push::TrustScope;

use crate::instance::Device;
use crate::setup::Transport;

impl Device {
    /// Does what a command says; what the device prints.
    ///
    /// * `license smart transport off|cslu|smart [URL]`
    /// * `license smart trust idtoken TOKEN local|all [force]`
    /// * `license smart sync all|local`
    /// * `license smart authorization request add FEATURE local|all`
    /// * `license smart authorization return local|all online|offline`
    /// * `license NAME COUNT`: so many are in use (this program's own)
    /// * `clock set SECONDS`: so many seconds forward or back (this program's own)
    /// * `redundancy force-switchover`
    /// * `show license all|status|summary|usage|udi|authorization`
    ///
    /// # Errors
    /// For a command that is not known, one that the device refuses, and when the state cannot be kept.
    pub fn command(&mut self, line: &str, now: UnixMillis) -> Result<String, Error> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let done = Ok(String::new());
        match words.as_slice() {
            ["license", "smart", "transport", "off"] => self.configure(Transport::Off, now).and(done),
            ["license", "smart", "transport", "cslu", url] => {
                self.configure(Transport::Cslu((*url).to_owned()), now).and(done)
            }
            ["license", "smart", "transport", "smart", url] => {
                self.configure(Transport::Smart((*url).to_owned()), now).and(done)
            }
            ["license", "smart", "trust", "idtoken", token, scope @ ("local" | "all"), rest @ ..] => {
                let scope = if *scope == "all" { TrustScope::All } else { TrustScope::Local };
                let event = Event::token_for(Token::new(*token), scope, rest == ["force"]);
                self.act(event, now).and(done)
            }
            ["license", "smart", "sync", "all" | "local"] => {
                self.close_reports(now)?;
                self.act(Event::Sync, now).and(done)
            }
            ["license", "smart", "authorization", "request", "add", feature, "local" | "all"] => {
                self.feature(feature)?;
                self.act(Event::auth_requested(*feature), now).and(done)
            }
            ["license", "smart", "authorization", "return", "local" | "all", how @ ("online" | "offline")] => {
                self.return_codes(*how == "online", now)
            }
            ["license", name, count] => {
                let count = count.parse().map_err(|_| format!("{count} is no count"))?;
                self.use_license(name, count, now).and(done)
            }
            ["clock", "set", delta] => {
                let delta = delta.parse().map_err(|_| format!("{delta} is no number of seconds"))?;
                self.set_clock(delta, now).and(done)
            }
            ["redundancy", "force-switchover"] => self.switch_over(now).and(done),
            ["show", "license", what] => {
                self.show(what, now).ok_or_else(|| format!("'show license {what}' is not known").into())
            }
            _ => Err(format!("the command '{}' is not known", line.trim()).into()),
        }
    }

    fn return_codes(&mut self, online: bool, now: UnixMillis) -> Result<String, Error> {
        let local = self.local(now);
        let used = self.saved.setup.features.iter().any(|feature| {
            feature.needs_code() && self.saved.life.count(&feature.name) > 0 && self.authorized(feature, local) > 0
        });
        let active = self.active().clone();
        may_return(&self.state, &active, used).map_err(|refusal| refusal.to_string())?;
        let mut printed = Vec::new();
        for member in &self.saved.setup.members {
            if let Some((code, _)) = self.code(member) {
                let code = simulate::return_code(&code);
                printed.push(format!("UDI: {member}\n  Return code: {}", code.as_str()));
            }
        }
        if online {
            self.act(Event::AuthReturned, now)?;
        } else {
            // the operator types the codes into a page of the cloud
            self.remove_codes();
            self.saved.returning.clear();
        }
        self.save()?;
        Ok(printed.join("\n"))
    }
}
