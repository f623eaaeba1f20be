//! The words of an operator, as on a device: `license smart …`, `show license …`.

use std::fmt::Write as _;

use slp_kit::Error;
use slp_model::{Udi, UnixMillis};
use slp_rum::codes::ReservationKind;
use slp_transport::BaseUrl;
use slp_transport::agent::Event;
use slp_transport::cssm::Token;
use slp_transport::push::TrustScope;

use crate::codes::Road;
use crate::fault::Fault;
use crate::files::Which;
use crate::instance::Device;
use crate::setup::Transport;
use crate::store::Wanted;

impl Device {
    /// Does what a command says; what the device prints.
    ///
    /// * `license smart transport off|cslu|smart [URL]`, `license smart url cslu|smart URL`
    /// * `[no] license smart usage interval [DAYS]`, `license smart clear eventlog`
    /// * `license smart trust idtoken TOKEN local|all [force]`
    /// * `license smart sync all|local`
    /// * `license smart save usage all|unreported|days N|rum-id ID file PATH`, `license smart save trust-request PATH`
    /// * `license smart import PATH`
    /// * `license smart authorization request add|replace FEATURE local|all [COUNT]`, `… request save PATH`
    /// * `license smart authorization return local|all online`, `… offline [PATH]`
    /// * `[no] license smart reservation`, `license smart reservation request local|all|universal`, `… cancel`,
    ///   `… install CODE`, `… install file PATH`, `… return local|all`
    /// * `license smart factory reset`, `reload`, `hostname NAME`, `no hostname`
    /// * `license NAME COUNT`: so many are in use (this program's own)
    /// * `clock set SECONDS`: so many seconds forward or back (this program's own)
    /// * `redundancy force-switchover`
    /// * `stack join PID SERIAL`, `stack leave PID SERIAL`: as if a member were plugged in or out (this program's own)
    /// * `show license all|status|summary|usage|udi|authorization|tech support|history message`,
    ///   `show license rum id all`, `show license rum id ID [detail]`, `show license eventlog [DAYS]`
    ///
    /// Paths name files on the device's own disk: `usage.txt`, `bootflash:usage.txt`.
    ///
    /// # Errors
    /// For a command that is not known, one that the device refuses, and when the state cannot be kept.
    pub fn command(&mut self, line: &str, now: UnixMillis) -> Result<String, Error> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let done = Ok(String::new());
        match words.as_slice() {
            ["license", "smart", words @ ..] => match self.smart(words, now) {
                Some(printed) => Ok(printed?),
                None => unknown(line),
            },
            ["no", "license", "smart", "usage", "interval"] => self.push_every(None, now).and(done),
            ["no", "license", "smart", "reservation"] => {
                self.reserve(false)?;
                done
            }
            ["hostname", name] => self.rename(Some(name)).and(done),
            ["no", "hostname"] => self.rename(None).and(done),
            ["reload"] => self.reload(now).and(done),
            ["license", name, count] => {
                let count = count.parse().map_err(|_| format!("{count} is no count"))?;
                self.use_license(name, count, now).and(done)
            }
            ["clock", "set", delta] => {
                let delta = delta.parse().map_err(|_| format!("{delta} is no number of seconds"))?;
                self.set_clock(delta, now).and(done)
            }
            ["redundancy", "force-switchover"] => self.switch_over(now).and(done),
            ["stack", "join", pid, serial] => self.join(&Udi::new(*pid, *serial)?, now).and(done),
            ["stack", "leave", pid, serial] => self.leave(&Udi::new(*pid, *serial)?, now).and(done),
            ["show", "license", what @ ..] => {
                let what = what.join(" ");
                self.show(&what, now).ok_or_else(|| format!("'show license {what}' is not known").into())
            }
            _ => unknown(line),
        }
    }

    /// `license smart …`; `None` for words that are not known.
    fn smart(&mut self, words: &[&str], now: UnixMillis) -> Option<Result<String, Fault>> {
        let silent = |result: Result<(), Error>| result.map(|()| String::new()).map_err(Fault::from);
        Some(match words {
            ["transport", "off"] => silent(self.configure(Transport::Off, now)),
            ["transport", how @ ("cslu" | "smart"), url] => {
                if let Err(error) = url.parse::<BaseUrl>() {
                    return Some(Err(Fault::Broken(error.into())));
                }
                let transport = if *how == "cslu" { Transport::Cslu } else { Transport::Smart };
                silent(self.configure(transport((*url).to_owned()), now))
            }
            ["transport", "cslu"] => silent(self.configure_to(Transport::Cslu, now)),
            ["transport", "smart"] => silent(self.configure_to(Transport::Smart, now)),
            ["url", how @ ("cslu" | "smart"), url] => silent(self.address(how, url, now)),
            ["usage", "interval", days] => silent(days.parse().map_or_else(
                |_| Err(format!("{days} is no number of days from 1 to 365").into()),
                |days| self.push_every(Some(days), now),
            )),
            ["clear", "eventlog"] => {
                self.events.clear();
                Ok(String::new())
            }
            ["trust", "idtoken", token, scope @ ("local" | "all")] => {
                silent(self.ask_for_trust(token, scope, false, now))
            }
            ["trust", "idtoken", token, scope @ ("local" | "all"), "force"] => {
                silent(self.ask_for_trust(token, scope, true, now))
            }
            ["sync", "all" | "local"] => silent(self.close_reports(now).and_then(|()| self.act(Event::Sync, now))),
            ["import", path] => self.read_file(path).and_then(|file| Ok(self.import(&file, now)?)),
            ["save", rest @ ..] => return self.save_to(rest, now),
            ["authorization", rest @ ..] => return self.authorization_command(rest, now),
            ["reservation", rest @ ..] => return self.reservation_command(rest, now),
            ["factory", "reset"] => {
                let warning = "%Warning: reload required after \"license smart factory reset\" command";
                self.factory_reset(now).map(|()| warning.to_owned()).map_err(Fault::from)
            }
            _ => return None,
        })
    }

    /// The transport, to the address that was given for it.
    fn configure_to(&mut self, transport: fn(String) -> Transport, now: UnixMillis) -> Result<(), Error> {
        let (word, address) = match transport(String::new()) {
            Transport::Smart(_) => ("smart", &self.saved.addresses.smart),
            _ => ("cslu", &self.saved.addresses.cslu),
        };
        let missing = || format!("there is no address: 'license smart url {word} URL' first");
        let address = address.clone().ok_or_else(missing)?;
        self.configure(transport(address), now)
    }

    /// The address for a transport; what is sent by it goes there from now on.
    fn address(&mut self, how: &str, url: &str, now: UnixMillis) -> Result<(), Error> {
        url.parse::<BaseUrl>()?;
        let url = url.to_owned();
        match (&self.saved.transport, how) {
            (Transport::Cslu(_), "cslu") => return self.configure(Transport::Cslu(url), now),
            (Transport::Smart(_), "smart") => return self.configure(Transport::Smart(url), now),
            (_, "cslu") => self.saved.addresses.cslu = Some(url),
            _ => self.saved.addresses.smart = Some(url),
        }
        self.save()
    }

    fn ask_for_trust(&mut self, token: &str, scope: &str, force: bool, now: UnixMillis) -> Result<(), Error> {
        let scope = if scope == "all" { TrustScope::All } else { TrustScope::Local };
        self.act(Event::token_for(Token::new(token), scope, force), now)
    }

    fn save_to(&mut self, words: &[&str], now: UnixMillis) -> Option<Result<String, Fault>> {
        let (which, path) = match words {
            ["usage", "all", "file", path] => (Which::All, path),
            ["usage", "unreported", "file", path] => (Which::Unreported, path),
            ["usage", "days", days, "file", path] => (Which::Days(days.parse().ok()?), path),
            ["usage", "rum-id" | "rum-Id", id, "file", path] => (Which::Report(id.parse().ok()?), path),
            ["trust-request", path] => {
                let file = self.trust_request_file(now);
                return Some(file.and_then(|file| self.write_file(path, &file)).map(|()| String::new()));
            }
            _ => return None,
        };
        Some(self.save_usage_to(path, which, now).map(|()| String::new()))
    }

    fn authorization_command(&mut self, words: &[&str], now: UnixMillis) -> Option<Result<String, Fault>> {
        Some(match words {
            ["request", "save", path] => {
                let file = self.request_file(now);
                file.and_then(|file| self.write_file(path, &file)).map(|()| String::new())
            }
            ["request", mode @ ("add" | "replace"), feature, scope @ ("local" | "all"), rest @ ..] => {
                let count = match rest {
                    [] => 1,
                    [count] => count.parse().ok()?,
                    _ => return None,
                };
                let (feature, replace, all) = ((*feature).to_owned(), *mode == "replace", *scope == "all");
                self.ask_for_code(Wanted { feature, count, replace, all }, now).map(|()| String::new())
            }
            ["return", scope @ ("local" | "all"), "online"] => {
                self.give_back(*scope == "all", Road::Online, now).map(|(codes, _)| listed(&codes, "Return code"))
            }
            ["return", scope @ ("local" | "all"), "offline"] => {
                self.give_back(*scope == "all", Road::Offline, now).map(|(codes, _)| listed(&codes, "Return code"))
            }
            ["return", scope @ ("local" | "all"), "offline", path] => {
                self.give_back_to(*scope == "all", path, now).map(|codes| listed(&codes, "Return code"))
            }
            _ => return None,
        })
    }

    /// Gives codes back with a file that an operator carries.
    pub(crate) fn give_back_to(&mut self, all: bool, path: &str, now: UnixMillis) -> Result<Vec<(Udi, String)>, Fault> {
        // a disk that is full must be known before the codes are gone
        self.write_file(path, b"")?;
        let (codes, file) = self.give_back(all, Road::Offline, now)?;
        self.write_file(path, &file)?;
        Ok(codes)
    }

    fn reservation_command(&mut self, words: &[&str], now: UnixMillis) -> Option<Result<String, Fault>> {
        let asked = |codes: Result<Vec<(Udi, String)>, Fault>| codes.map(|codes| listed(&codes, "Request code"));
        Some(match words {
            [] => self.reserve(true).map(|()| String::new()),
            ["request", "local"] => asked(self.request_reservation(ReservationKind::Specific, false)),
            ["request", "all"] => asked(self.request_reservation(ReservationKind::Specific, true)),
            ["request", "universal"] => asked(self.request_reservation(ReservationKind::Permanent, false)),
            ["cancel"] => self.cancel_reservation().map(|()| String::new()),
            ["install", "file", path] => {
                self.read_file(path).and_then(|document| self.install_reservation(&document, now))
            }
            ["install", code] => self.install_permanent(code.trim_matches('"')),
            ["return", scope @ ("local" | "all")] => {
                self.return_reservation(*scope == "all", now).map(|codes| listed(&codes, "Return code"))
            }
            _ => return None,
        })
    }
}

fn unknown(line: &str) -> Result<String, Error> {
    Err(format!("the command '{}' is not known", line.trim()).into())
}

/// Codes as a device prints them, member by member.
fn listed(codes: &[(Udi, String)], what: &str) -> String {
    let mut out = String::new();
    for (member, code) in codes {
        let line = if out.is_empty() { "" } else { "\n" };
        let _ = write!(out, "{line}UDI: PID:{},SN:{}\n  {what}: {code}", member.pid(), member.serial());
    }
    out
}
