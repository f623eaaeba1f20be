//! Accounts, virtual accounts and their tokens. Spec: transport, "Account and licence calls" (code).

use crate::cssm::call::account_call;
use crate::secret::secret_type;
use crate::wire::{Fail, Flag, In, Out, Wire, record};
use crate::{Count, RawJson, StatusWord};

account_call! {
    /// Which Smart Accounts there are, by the older call. `kind` is `CUSTOMER` or `HOLDING`.
    pub struct SearchAccountsV1 => GET "/v1/accounts/search" ()
        query [name: String = "name", domain: String = "domain", limit: i64 = "limit", offset: i64 = "offset", kind: String = "type"]
        => AccountsV1
}
account_call! {
    /// Which Smart Accounts this person has a role in.
    pub struct ListAccounts => GET "/v2/accounts" () query [domain: String = "domain"] => AccountsV2
}
account_call! {
    /// The virtual accounts of a Smart Account.
    pub struct ListVirtualAccounts => GET "/v1/accounts/{d}/virtual-accounts" (domain) => VirtualAccountList, onprem
}
account_call! {
    /// Makes a virtual account.
    pub struct CreateVirtualAccount => POST "/v1/accounts/{d}/virtual-accounts" (domain)
        body NewVirtualAccount => Done, onprem
}
account_call! {
    /// Deletes a virtual account.
    pub struct DeleteVirtualAccount => POST "/v1/accounts/{d}/virtual-accounts/{va}/delete" (domain, virtual_account)
        => Done, onprem
}
account_call! {
    /// The id tokens of a virtual account.
    pub struct ListTokens => GET "/v1/accounts/{d}/virtual-accounts/{va}/tokens" (domain, virtual_account)
        => TokenList, onprem
}
account_call! {
    /// Makes an id token.
    pub struct CreateToken => POST "/v1/accounts/{d}/virtual-accounts/{va}/tokens" (domain, virtual_account)
        body NewToken => TokenCreated, onprem
}
account_call! {
    /// Revokes id tokens.
    pub struct RevokeTokens => POST "/v1/accounts/{d}/virtual-accounts/{va}/tokens/revoke" (domain, virtual_account)
        body RevokedTokens => Done, onprem
}

secret_type! {
    /// An id token, with which devices establish trust. Wiped when dropped.
    pub struct Token;
}

impl Wire for Token {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        String::read(input).map(Self::new)
    }

    fn write(&self, out: &mut Out) {
        out.string(if out.masked { "***" } else { self.expose() });
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

record! {
    /// The accounts of the older search.
    pub struct AccountsV1 {
        /// A code, if there is something to say.
        message_code: said String = "message_code",
        /// Those that fit the search, or all.
        accounts: list Account = "accounts",
        /// How many there are, on all pages.
        total_records: opt i64 = "totalRecords",
        /// How it went.
        status: opt StatusWord = "status",
    }
}

record! {
    /// One Smart Account. Answers have either the long names or the short ones (code).
    pub struct Account {
        /// Its name, long form.
        account_name: opt String = "accountName",
        /// Its domain, long form.
        account_domain: opt String = "accountDomain",
        /// Its state as the cloud words it, long form.
        account_status: opt String = "accountStatus",
        /// `CUSTOMER` or `HOLDING`.
        account_type: opt String = "accountType",
        /// Its id: text or number.
        id: opt RawJson = "id",
        /// Its domain, short form.
        domain: opt String = "domain",
        /// Its name, short form.
        name: opt String = "name",
        /// Its state as the cloud words it, short form.
        status: opt String = "status",
    }
}

impl Account {
    /// Its domain, whichever form the answer has.
    pub fn domain(&self) -> Option<&str> {
        self.account_domain.as_deref().or(self.domain.as_deref())
    }

    /// Its name, whichever form the answer has.
    pub fn name(&self) -> Option<&str> {
        self.account_name.as_deref().or(self.name.as_deref())
    }
}

record! {
    /// The accounts of a person.
    pub struct AccountsV2 {
        /// Those that this person has a part in.
        accounts: list AccountV2 = "accounts",
        /// How it went.
        status: opt StatusWord = "status",
    }
}

record! {
    /// One Smart Account and the person's roles in it.
    pub struct AccountV2 {
        /// Its name.
        account_name: opt String = "accountName",
        /// Its domain, which names it in the paths of other calls.
        account_domain: opt String = "accountDomain",
        /// Its state, as the cloud words it.
        account_status: opt String = "accountStatus",
        /// `CUSTOMER` or `HOLDING`.
        account_type: opt String = "accountType",
        /// What the person may do in it: one entry a role.
        roles: list Role = "roles",
    }
}

record! {
    /// A role of a person, in a Smart Account or in one virtual account of it.
    pub struct Role {
        /// `Smart Account Administrator`, `Virtual Account User`, … (doc)
        role: req String = "role",
        /// The virtual account it is for; none means the whole Smart Account.
        virtual_account: opt String = "virtualAccount",
    }
}

record! {
    /// The accounts that an on-premises server serves.
    pub struct AccountList {
        /// Those that fit the search, or all.
        accounts: list Account = "accounts",
        /// How it went.
        status: opt StatusWord = "status",
    }
}

record! {
    /// The virtual accounts of a Smart Account.
    pub struct VirtualAccountList {
        /// The virtual accounts.
        virtual_accounts: list VirtualAccount = "virtualAccounts",
        /// How it went.
        status: opt StatusWord = "status",
        /// What the server says about it, for people.
        status_message: said String = "statusMessage",
    }
}

record! {
    /// One virtual account.
    pub struct VirtualAccount {
        /// Its name, which names it in the paths of other calls; compared letter by letter.
        name: req String = "name",
        /// Does what has no virtual account go here? `true`, `"true"` or `"yes"` on the wire (code).
        is_default: or_default Flag = "isDefault",
        /// What it is for.
        description: opt String = "description",
    }
}

record! {
    /// A virtual account to make.
    pub struct NewVirtualAccount {
        /// Its name, which names it in the paths of other calls; compared letter by letter.
        name: req String = "name",
        /// What it is for.
        description: req String = "description",
    }
}

record! {
    /// An id token to make.
    pub struct NewToken {
        /// What it is for.
        description: req String = "description",
        /// How long it is good for, in days from now.
        expires_after_days: req u32 = "expiresAfterDays",
        /// `Allowed` or `Not Allowed` (code).
        export_controlled: req String = "exportControlled",
        /// How many devices may use it; none: as many as like. A string of digits on the wire (code).
        number_of_uses: opt Count = "numberofUses",
    }
}

record! {
    /// A token that was made.
    pub secret struct TokenCreated {
        /// How it went.
        status: opt StatusWord = "status",
        /// What the server says about it, for people.
        status_message: said String = "statusMessage",
        /// The token, if it was made.
        token_info: opt TokenInfo = "tokenInfo",
    }
}

record! {
    /// The id tokens of a virtual account.
    pub secret struct TokenList {
        /// Those that are good now.
        tokens: list TokenInfo = "tokens",
        /// How it went.
        status: opt StatusWord = "status",
        /// What the server says about it, for people.
        status_message: said String = "statusMessage",
    }
}

record! {
    /// One id token.
    pub secret struct TokenInfo {
        /// The token itself: a secret, shown as `***` in print.
        token: req Token = "token",
    }
}

record! {
    /// Tokens to revoke.
    pub secret struct RevokedTokens {
        /// Which ones, by their text.
        tokens: list Token = "tokens",
    }
}

record! {
    /// The answer of a call that only does something.
    pub struct Done {
        /// How it went.
        status: opt StatusWord = "status",
        /// What the server says about it, for people.
        status_message: said String = "statusMessage",
    }
}
