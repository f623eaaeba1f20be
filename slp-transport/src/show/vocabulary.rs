//! What sections, groups and keys there are. Sections are told by their names, never by blank lines or indentation: some
//! releases lose those.

/// One section and the words that may stand in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section {
    pub(super) name: &'static str,
    /// Headings inside it.
    pub(super) groups: &'static [&'static str],
    /// Keys of `Key: value` lines.
    pub(super) keys: &'static [&'static str],
    /// Whole lines.
    pub(super) texts: &'static [&'static str],
    /// Are all keys taken?
    pub(super) open: bool,
}

const POLICY_GROUPS: &[&str] = &[
    "Unenforced/Non-Export Perpetual Attributes",
    "Unenforced/Non-Export Subscription Attributes",
    "Enforced (Perpetual/Subscription) License Attributes",
    "Export (Perpetual/Subscription) License Attributes",
];

const MESSAGE_KINDS: &[&str] = &[
    "Trust Establishment",
    "Trust Acknowledgement",
    "Usage Reporting",
    "Result Polling",
    "Authorization Request",
    "Authorization Confirmation",
    "Authorization Return",
    "Trust Sync",
    "Hello Message",
    "Telemetry Reporting",
    "Product Analytics Reporting",
];

const IMPORTS: &[&str] = &[
    "Import POLICY",
    "Import AUTH",
    "Import TRUST CODE",
    "Import RUM ACK",
    "Import CONVERSION ACK",
    "Import ACCOUNT INFO",
];

pub(super) const ROLES: &[&str] = &["Active", "Standby", "Member"];

pub(super) const LICENSE_KEYS: &[&str] = &[
    "License",
    "Entitlement Tag",
    "Description",
    "Count",
    "Version",
    "Status",
    "Status time",
    "Request Time",
    "Export status",
    "Feature Name",
    "Feature Description",
    "Enforcement type",
    "License type",
    "Interval",
    "Current Value",
    "Current Report",
    "Previous",
    "Soft Enforced",
    "Subscription ID",
    "Utility Subscription id",
    "Ending Date",
    "Starting Date",
];

const SECTIONS: &[Section] = &[
    Section::new("Smart Licensing Status", &[], &[], &["Smart Licensing is ENABLED", "Smart Licensing is DISABLED"]),
    Section::new(
        "License Conversion",
        &[],
        &["Automatic Conversion Enabled", "Status", "Last Data Push", "Last File Export"],
        &[],
    ),
    Section::new("Export Authorization Key", &["Features Authorized"], &[], &["<none>"]),
    Section::new(
        "Utility",
        &[],
        &["Status", "Utility report", "Last success", "Last attempt", "Next attempt", "Customer Information"],
        &[],
    ),
    Section::new("Smart Licensing Using Policy", &[], &["Status", "Reporting Mode"], &[]),
    Section::new("Account Information", &[], &["Smart Account", "Virtual Account"], &[]),
    Section::new(
        "Data Privacy",
        &[],
        &["Sending Hostname", "Callhome hostname privacy", "Smart Licensing hostname privacy", "Version privacy"],
        &[],
    ),
    Section::new(
        "Transport",
        &["Proxy", "VRF"],
        &[
            "Type",
            "URL",
            "Cslu address",
            "Address",
            "Port",
            "Username",
            "Password",
            "Server Identity Check",
            "VRF",
            "Registration URL",
            "Utility URL",
            "Proxy",
        ],
        &["Not Configured"],
    ),
    Section::new("Miscellaneous", &[], &["Custom Id"], &[]),
    Section::new(
        "Policy",
        POLICY_GROUPS,
        &[
            "Policy in use",
            "Policy name",
            "Reporting ACK required",
            "First report requirement (days)",
            "Reporting frequency (days)",
            "Report on change (days)",
        ],
        &[],
    ),
    Section::new(
        "Usage Reporting",
        &[],
        &[
            "Last ACK received",
            "Next ACK deadline",
            "Reporting push interval",
            "Reporting Interval",
            "Next ACK push check",
            "Next report push",
            "Last report push",
            "Last report file write",
            "Last Reporting Not Required",
        ],
        &[],
    ),
    Section::new(
        "Trust Code Installed",
        ROLES,
        &["Trust Code Type", "Attributes"],
        &["<none>", "INSTALLED on", "Expired on", "NOT INSTALLED"],
    ),
    Section::new("License Usage", &["Measurements", "ENTITLEMENT", "Handle"], &[], &["No licenses in use"]),
    Section::new("Product Information", &[], &["UDI"], &[]),
    Section::new("HA UDI List", ROLES, &[], &[]),
    Section::new("Agent Version", &[], &["Smart Agent for Licensing", "Component Versions"], &[]),
    Section::new("Upcoming Scheduled Jobs", &[], &[], &[]).open(),
    Section::new(
        "Communication Statistics",
        MESSAGE_KINDS,
        &[
            "Communication Level Allowed",
            "Overall State",
            "Attempts",
            "Ongoing Failure",
            "Last Response",
            "Failure Reason",
            "Last Success Time",
            "Last Failure Time",
        ],
        &[],
    ),
    Section::new("License Certificates", &[], &["Production Cert"], &["Not registered. No certificates installed"]),
    Section::new("HA Info", &[], &[], &[]).open(),
    Section::new("Reservation Info", &[], &["License reservation"], &[]),
    Section::new("License Authorizations", &[], &["Last Data Push", "Last File Export"], &[]),
    Section::new(
        "Overall status",
        ROLES,
        &[
            "Status",
            "Reservation status",
            "Request code",
            "Last return code",
            "Last Confirmation code",
            "Reservation authorization code",
            "Last Reservation process",
            "Authorization type",
            "License type",
            "Confirmation code",
            "Export-Controlled Functionality",
        ],
        &["INSTALLED on"],
    ),
    Section::new(
        "Authorizations",
        &[],
        &[
            "Description",
            "Total available count",
            "Enforcement type",
            "Term information",
            "Authorization type",
            "License type",
            "Term Count",
            "Start Date",
            "End Date",
            "Last Data Push",
        ],
        &[],
    )
    .open(),
    Section::new("Specified license reservations", &[], &[], &[]),
    Section::new("Purchased Licenses", &[], &[], &["No Purchase Information Available"]),
    Section::new(
        "Usage Report Summary",
        &[],
        &[
            "Total",
            "Purged",
            "Total Acknowledged Received",
            "Waiting for Ack",
            "Available to Report",
            "Collecting Data",
            "Maximum Display",
            "In Storage",
            "MIA",
            "Report Module Status",
            "Reports on disk",
        ],
        &[],
    ),
    Section::new(
        "Telemetry Report Summary",
        &[],
        &["Device Telemetry", "Data Channel", "Reason", "Total current telemetry reports"],
        &[],
    ),
    Section::new(
        "Device Telemetry Report Summary",
        &[],
        &["Device Telemetry", "Data Channel", "Reason", "Total current telemetry reports"],
        &[],
    ),
    Section::new(
        "Product Analytics Report Summary",
        &[],
        &["Product Analytics", "Not Available Reason", "Total current Product Analytics reports"],
        &[],
    ),
    Section::new("Device Enforcement State", &[], &[], &["NOT APPLICABLE"]),
    Section::new("Other Info", &[], &[], &[]).open(),
    Section::new("Platform Provided Mapping Table", &["Enforced Licenses"], &[], &["No PD enforced licenses"]).open(),
    Section::new("Smart Licensing Tech Support info", &[], &[], &[]),
    Section::new(
        "Registration",
        &[],
        &[
            "Status",
            "Smart Account",
            "Virtual Account",
            "Export-Controlled Functionality",
            "Initial Registration",
            "Last Renewal Attempt",
            "Next Renewal Attempt",
            "Registration Expires",
            "Failure reason",
        ],
        &[],
    ),
    Section::new(
        "License Authorization",
        &[],
        &["Status", "Last Communication Attempt", "Next Communication Attempt", "Communication Deadline"],
        &["No licenses in use"],
    ),
    Section::new(
        "Evaluation Period",
        &[],
        &["Evaluation Mode", "Evaluation Period Remaining", "EVAL", "Export-Controlled"],
        &[],
    ),
    Section::new("Message History (oldest to newest)", MESSAGE_KINDS, &[], &["No past history"]),
    Section::new("Import Message History (oldest to newest)", IMPORTS, &[], &["No past Import history"]),
    Section::new(
        "Smart Licensing Usage Report Detail",
        &[],
        &[
            "Report Id",
            "Metric Name",
            "Feature Name",
            "Metric Value",
            "UDI",
            "Previous Report Id",
            "Next Report Id",
            "State",
            "State Change Reason",
            "Close Reason",
            "Start Time",
            "End Time",
            "Storage State",
            "Transaction ID",
            "Transaction Message",
        ],
        &[],
    ),
    Section::new("Smart Licensing Usage Report", &[], &[], &[]),
    Section::new(
        "Current smart-licensing transport settings",
        &[],
        &["Smart-license messages", "Profile", "Destination  URL(s)", "Destination URL(s)"],
        &[],
    ),
    Section::new("Event Log", &[], &[], &["No EventLog Found."]),
];

/// What stands inside `Proxy:`. The transport's own facts follow it, and indentation cannot be relied on.
pub(super) const PROXY_KEYS: &[&str] = &["Address", "Port", "Username", "Password"];

impl Section {
    /// The list of the classic command, whatever was asked for.
    pub(super) const ANYTHING: Self = Self {
        name: "Classic licences",
        groups: &["Index"],
        keys: &[
            "Period left",
            "Period Used",
            "License Type",
            "License State",
            "License Count",
            "License Priority",
            "Total Count",
            "Lock type",
            "Vendor info",
        ],
        texts: &[],
        open: false,
    };

    const fn new(
        name: &'static str,
        groups: &'static [&'static str],
        keys: &'static [&'static str],
        texts: &'static [&'static str],
    ) -> Self {
        Self { name, groups, keys, texts, open: false }
    }

    const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    pub(super) fn find(name: &str) -> Option<&'static Self> {
        SECTIONS.iter().find(|section| section.name == name)
    }
}
