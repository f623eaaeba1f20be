//! When does a policy ask for the next report? `cargo run --example policy_days -- 2024-05-01`.

#![expect(clippy::print_stdout, reason = "a program may print")]

use slp_model::UnixSeconds;
use slp_model::policy::clock::{Change, LicenseUse, next_due};
use slp_model::policy::{LicenseClass, Policy, Requirement};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let today: UnixSeconds = std::env::args().nth(1).ok_or("give the date of today")?.parse()?;
    let mut policy = Policy::new("Acme");
    policy.subscription = Requirement::days(30, 60, 30);
    let changes = vec![Change::new("2024-01-08T09:00:00".parse()?, 2), Change::new("2024-04-20T12:00:00".parse()?, 3)];
    let licence = LicenseUse::new("regid.2020-01.com.cisco.TEST,1.0_x".parse()?, LicenseClass::Subscription, changes)
        .covered_to("2024-04-01".parse()?);
    print!("{policy}");
    match next_due(&policy, None, &[licence], Some("2024-04-02".parse()?), today) {
        Some(due) => println!("{due}: {} left", due.at.since(today).human()),
        None => println!("nothing is due"),
    }
    Ok(())
}
