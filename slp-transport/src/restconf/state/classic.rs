//! What the classic way of licensing has to say: registration, authorization, utility reporting, evaluation. A device of
//! today answers them with little more than that there is none.

use super::{AuthorizationState, DateAndTime, RegistrationState, UtilityReportingType, tree};
use crate::wire::record;

tree! {
    /// The container `registration`. One of the containers inside goes with the state.
    pub struct Registration {
        /// How far it is.
        registration_state: opt RegistrationState = "registration-state",
        /// Under way.
        in_progress: opt RegistrationInProgress = "registration-in-progress",
        /// It failed.
        failed: opt RegistrationFailed = "registration-failed",
        /// It failed and is tried again.
        retry: opt RegistrationRetry = "registration-retry",
        /// It is done.
        complete: opt RegistrationComplete = "registration-complete",
        /// Features under export control may be used.
        export_control_allowed: opt bool = "export-control-allowed",
    }
}

tree! {
    /// The container `registration-in-progress`.
    pub struct RegistrationInProgress {
        /// When it began.
        start_time: opt DateAndTime = "start-time",
    }
}

tree! {
    /// The container `registration-failed`.
    pub struct RegistrationFailed {
        /// When it failed.
        fail_time: opt DateAndTime = "fail-time",
        /// Why, for people.
        fail_message: opt String = "fail-message",
    }
}

tree! {
    /// The container `registration-retry`.
    pub struct RegistrationRetry {
        /// When it is tried again.
        retry_next_time: opt DateAndTime = "retry-next-time",
        /// When it failed.
        fail_time: opt DateAndTime = "fail-time",
        /// Why, for people.
        fail_message: opt String = "fail-message",
    }
}

tree! {
    /// The container `registration-complete`.
    pub struct RegistrationComplete {
        /// Since when.
        complete_time: opt DateAndTime = "complete-time",
        /// When it was last renewed.
        last_renew_time: opt DateAndTime = "last-renew-time",
        /// When it is renewed next.
        next_renew_time: opt DateAndTime = "next-renew-time",
        /// When it ends, unless renewed.
        expire_time: opt DateAndTime = "expire-time",
        /// The last renewal went well.
        last_renew_success: opt bool = "last-renew-success",
        /// Why it did not, for people.
        fail_message: opt String = "fail-message",
        /// The account.
        smart_account: opt String = "smart-account",
        /// The account inside it.
        virtual_account: opt String = "virtual-account",
    }
}

tree! {
    /// The container `authorization`. One of the containers inside goes with the state.
    pub struct Authorization {
        /// Which state.
        authorization_state: opt AuthorizationState = "authorization-state",
        /// No licence is in use.
        none: opt NoAuthorization = "authorization-none",
        /// Evaluation.
        eval: opt EvaluationPeriod = "authorization-eval",
        /// Evaluation is over.
        eval_expired: opt EvaluationExpired = "authorization-eval-expired",
        /// Authorized.
        authorized: opt Authorized = "authorization-authorized",
        /// Authorized by a reservation.
        authorized_reservation: opt ReservationAuthorized = "authorization-authorized-reservation",
        /// More in use than was bought.
        out_of_compliance: opt OutOfCompliance = "authorization-out-of-compliance",
        /// No contact for too long.
        authorization_expired: opt Authorized = "authorization-authorization-expired",
    }
}

/// The container `authorization-none`, which has no members of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoAuthorization {
    /// Members that this version does not know.
    pub unknown: crate::Unknown,
}

impl crate::wire::Wire for NoAuthorization {
    fn read(input: &mut crate::wire::In<'_, '_>) -> Result<Self, crate::wire::Fail> {
        let mut unknown = crate::Unknown::default();
        input.reader.begin_object()?;
        loop {
            let at = input.reader.value_offset();
            let Some(name) = input.reader.next_member()? else { break };
            unknown.read(name, at, input)?;
        }
        Ok(Self { unknown })
    }

    fn write(&self, out: &mut crate::wire::Out) {
        out.text.push('{');
        self.unknown.write(out, &mut true);
        out.text.push('}');
    }
}

tree! {
    /// The container `authorization-eval`.
    pub struct EvaluationPeriod {
        /// Seconds until its end.
        seconds_left: quoted u64 = "seconds-left",
    }
}

tree! {
    /// The container `authorization-eval-expired`.
    pub struct EvaluationExpired {
        /// When it ended.
        expire_time: opt DateAndTime = "expire-time",
    }
}

tree! {
    /// The containers `authorization-authorized` and `authorization-authorization-expired`.
    pub struct Authorized {
        /// The last contact went well.
        last_comm_status_success: opt bool = "last-comm-status-success",
        /// Why it did not, for people.
        fail_message: opt String = "fail-message",
        /// When it was.
        last_comm_time: opt DateAndTime = "last-comm-time",
        /// When the next one is due; may be zero.
        next_comm_time: opt DateAndTime = "next-comm-time",
        /// Without contact until then the authorization ends; may be zero for never.
        comm_deadline_time: opt DateAndTime = "comm-deadline-time",
    }
}

tree! {
    /// The container `authorization-authorized-reservation`.
    pub struct ReservationAuthorized {
        /// Since when.
        reservation_time: opt DateAndTime = "reservation-time",
    }
}

tree! {
    /// The container `authorization-out-of-compliance`.
    pub struct OutOfCompliance {
        /// The last contact went well.
        last_comm_status_success: opt bool = "last-comm-status-success",
        /// Why it did not, for people.
        fail_message: opt String = "fail-message",
        /// When it was.
        last_comm_time: opt DateAndTime = "last-comm-time",
        /// When the next one is due; may be zero.
        next_comm_time: opt DateAndTime = "next-comm-time",
        /// Without contact until then the authorization ends; may be zero for never.
        comm_deadline_time: opt DateAndTime = "comm-deadline-time",
        /// Since when there is more in use than was bought.
        ooc_time: opt DateAndTime = "ooc-time",
    }
}

tree! {
    /// The container `utility` of the state.
    pub struct Utility {
        /// It is switched on.
        enabled: opt bool = "enabled",
        /// What began it.
        reporting: opt UtilityReportingType = "reporting",
        /// When reports leave.
        reporting_times: opt ReportingTimes = "reporting-times",
        /// What reports say about the customer.
        customer_info: opt CustomerInfo = "customer-info",
    }
}

tree! {
    /// The container `reporting-times`.
    pub struct ReportingTimes {
        /// When the last report left.
        last_report_time: opt DateAndTime = "last-report-time",
        /// It arrived.
        last_report_success: opt bool = "last-report-success",
        /// Why it did not, for people.
        fail_message: opt String = "fail-message",
        /// When the next one leaves.
        next_report_time: opt DateAndTime = "next-report-time",
    }
}

tree! {
    /// A container `customer-info`, of state and configuration.
    pub struct CustomerInfo {
        /// Number of the customer.
        id: opt String = "id",
        /// Name.
        name: opt String = "name",
        /// Street.
        street: opt String = "street",
        /// City.
        city: opt String = "city",
        /// State.
        state: opt String = "state",
        /// Country.
        country: opt String = "country",
        /// Postal code.
        postal_code: opt String = "postal-code",
    }
}

tree! {
    /// The container `evaluation`.
    pub struct Evaluation {
        /// It counts down.
        eval_in_use: opt bool = "eval-in-use",
        /// It is over.
        eval_expired: opt bool = "eval-expired",
        /// What is left.
        eval_period_left: opt EvalPeriodLeft = "eval-period-left",
        /// When it ended.
        eval_expire_time: opt EvalExpireTime = "eval-expire-time",
    }
}

tree! {
    /// The container `eval-period-left`.
    pub struct EvalPeriodLeft {
        /// Seconds of use.
        time_left: opt u32 = "time-left",
    }
}

tree! {
    /// The container `eval-expire-time`.
    pub struct EvalExpireTime {
        /// When.
        expire_time: opt DateAndTime = "expire-time",
    }
}
