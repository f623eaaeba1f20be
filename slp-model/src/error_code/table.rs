//! The table of the vendor's error numbers (doc). Meanings in our own words. Spec: ack-auth, "Error cases: codes".

use super::Platform;

macro_rules! platforms {
    (both $number:literal $word:literal, $platform:ident) => {
        Some(($number, $word))
    };
    (xe $number:literal $word:literal, Xe) => {
        Some(($number, $word))
    };
    (xr $number:literal $word:literal, Xr) => {
        Some(($number, $word))
    };
    ($other:ident $number:literal $word:literal, $platform:ident) => {
        None
    };
}

macro_rules! codes {
    ($( $meaning:literal $variant:ident, $on:ident $number:literal $word:literal; )+) => {
        /// What went wrong on a device, by the vendor's table. The numbers are those of two platforms; most agree.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum DeviceError { $( #[doc = $meaning] $variant, )+ }

        impl DeviceError {
            /// Every one, in the order of the numbers.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// Number and word on a platform.
            pub(super) const fn entry(self, platform: Platform) -> Option<(u16, &'static str)> {
                match (self, platform) {
                    $(
                        (Self::$variant, Platform::Xe) => platforms!($on $number $word, Xe),
                        (Self::$variant, Platform::Xr) => platforms!($on $number $word, Xr),
                    )+
                }
            }

            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $( Self::$variant => $meaning, )+ }
            }
        }
    };
}

codes! {
    "Done." Success, both 0 "success";
    "Out of memory." OutOfMemory, both 1 "malloc";
    "Null pointer; also: the named input file does not exist." NullPointer, both 2 "nullpointer";
    "Retired." Retired3, both 3 "error3";
    "Retired." Retired4, both 4 "error4";
    "Retired." Retired5, both 5 "error5";
    "Wrong argument." BadInputParams, both 6 "BadInputParams";
    "Retired." Retired7, both 7 "error7";
    "Wrong handle." BadHandle, both 8 "badhandle";
    "Item not found." NotFound, both 9 "notfound";
    "Operation not supported." NotSupported, both 10 "notsupported";
    "Agent already initialized." AlreadyInit, both 11 "alreadyinit";
    "Agent not initialized." NotInit, both 12 "notinit";
    "State machine: not created." SmFailToCreate, both 13 "smfailtocreate";
    "State machine: not running." SmFailToRun, both 14 "smfailtorun";
    "State machine: not initialized." SmFailToInit, both 15 "smfailtoinit";
    "State machine: not destroyed." SmFailToDestroy, both 16 "smfailtodestroy";
    "Message cannot be parsed." MsgParse, both 17 "msgparse";
    "Message cannot be built." MsgBuild, both 18 "msgbuild";
    "Agent not enabled." NotEnabled, both 19 "notenabled";
    "Request invalid." InvalidRequest, both 20 "invalidrequest";
    "Initialization failed, see the device log." Init, both 21 "init";
    "State could not be set." FailToSetState, both 22 "failtosetstate";
    "Response type not supported." UnsupportedResponse, both 23 "unsupportedresponse";
    "Response type invalid." InvalidResponse, both 24 "invalidresponse";
    "Trusted store: write failed." StorageFailToStore, both 25 "storagefailtostore";
    "Trusted store: read failed." StorageFailToRetrieve, both 26 "storagefailtoretrieve";
    "Neither Cisco.com id nor id token given." NullCcoIdToken, both 27 "nullccoidtoken";
    "Product instance identifier differs." MatchIdentifier, both 28 "matchidentifier";
    "Vendor string differs." MatchVendor, both 29 "matchvendor";
    "Nonce differs." MatchNonce, both 30 "matchnonce";
    "Communication channel disabled." CommDisabled, both 31 "commdisabled";
    "Sending failed (retried when a time-out, else final)." CommSend, both 32 "commsend";
    "Answer to a sent message is an error." CommResponse, both 33 "commresponse";
    "Communication failed, cause unknown." CommUnknown, both 34 "communkown";
    "Operation not permitted in this state." SmPostNotAllow, both 35 "smpostnotallow";
    "Mandatory field missing in a request." ReqMsgMissingMandatoryField, both 36 "reqmsgmissingmandatoryfield";
    "The answer says: failed." ResponseFailed, both 37 "responsefailed";
    "Product instance not initialized." PiNotInit, both 38 "pinotinit";
    "Agent enabled twice." AlreadyEnabled, both 39 "alreadyenabled";
    "Agent already registered." AlreadyRegistered, both 40 "alreadyregistered";
    "Certificate invalid." CertInvalid, both 41 "certinvalid";
    "Certificate expired." CertExpired, both 42 "certexpired";
    "Agent not registered." NotRegistered, both 43 "notregistered";
    "Certificate request could not be made." CsrGenerationFailed, both 44 "csrgenerationfailed";
    "Signature does not verify." VerifySignatureFailed, both 45 "verifysignaturefailed";
    "Signature could not be made." GenerateSignatureFailed, both 46 "generatesignaturefailed";
    "Signing certificate does not verify." SignCertVerificationFailed, both 47 "signcertverificationfailed";
    "Node certificate does not verify." NodeCertVerificationFailed, both 48 "nodecertverificationfailed";
    "Certificate cannot be parsed." ParseCertificateFailed, both 49 "parsecertificatefailed";
    "Root certificate could not be imported." CryptoRootCaImportFailed, both 50 "cryptorootcaimportfailed";
    "Entitlement tag invalid." TagInvalid, both 51 "taginvalid";
    "Agent runs on a standby processor." Standby, both 52 "standby";
    "Registration (or trust) by id token under way; the normal answer of that call." RegistrationInProgress, both 53 "registrationinprogress";
    "Call home restarting, try again." CommRetry, both 54 "commretry";
    "Authorization renewal under way." AuthRenewInProgress, both 55 "authrenewinprogress";
    "Id certificate renewal under way." IdCertRenewInProgress, both 56 "idcertrenewinprogress";
    "List of UDIs unchanged." NoUdiChange, both 57 "noudichange";
    "Call home cannot be switched on." CallHomeServiceOff, both 58 "callhomeserviceoff";
    "Message exchange already under way." MsgExecInProgress, both 59 "msgexecinprogress";
    "Message exchange flag locked." MsgExecInProgLocked, both 60 "msgexecinproglocked";
    "Id certificate fits only some of the system's UDIs." CertMatchesSubsetUdis, both 61 "certmatchessubsetudis";
    "Storage group changed only in part." StorageGroupChangeIncomplete, both 62 "storagegroupchangeincomplete";
    "Storage management not initialized." StorageMgmtNotInit, both 63 "storagemgmtnotinit";
    "Trusted store path list unchanged." TsPathNotChanged, both 64 "tspathnotchanged";
    "Cryptography not initialized yet." CryptoInitNotCompleted, both 65 "cryptoinitnotcompleted";
    "Agent is not in the unidentified state." NotInUnidentified, both 66 "notinunidentified";
    "Path given by the platform invalid." PlatformPathInvalid, both 67 "platformpathinvalid";
    "UDI given by the platform invalid." PlatformUdiInvalid, both 68 "platformudiinvalid";
    "Trusted store object: not created." StorageObjFailToCreate, both 69 "storageobjfailtocreate";
    "Trusted store object: not erased." StorageObjFailToErase, both 70 "storageobjfailtoerase";
    "Trusted store object: does not exist." StorageObjDoesNotExist, both 71 "storageobjdoesnotexist";
    "Message event beyond the peer." MessageEventExceedsPeer, both 72 "messageeventexceedspeer";
    "Authorization code does not validate, most likely made for another UDI." CodeValidationFailed, both 73 "codevalidationfailed";
    "Not possible in permanent reservation mode." Reserved, both 74 "reserved";
    "No reservation request pending." NoReservationInProgress, both 75 "noreservationinprogress";
    "No authorization code installed." NoAuthorizationInstalled, both 76 "noauthorizationinstalled";
    "Authorization code does not fit the request code." ReservationMismatch, both 77 "reservationmismatch";
    "Not in reservation mode." NotReservationMode, both 78 "notreservationmode";
    "Reservation failed, the display text says why." ReservationError, both 79 "reservationerror";
    "System manager: initialization failed." SysmgrInit, both 80 "sysmgrinit";
    "Item exists already." AlreadyExists, both 81 "alreadyexists";
    "List: insert failed." ListInsertFailed, both 82 "listinsertfailed";
    "Session management not initialized." SessionMgmtNotInit, both 83 "sessionmgmtnotinit";
    "List: not created." ListInitFailed, both 84 "listinitfailed";
    "List: busy." ListBusy, both 85 "listbusy";
    "No connected client." NoClients, both 86 "noclients";
    "IPC failed." Ipc, both 87 "ipc";
    "IPC: socket." IpcOpen, both 88 "ipcopen";
    "IPC: initialization." IpcInit, both 89 "ipcinit";
    "IPC: connect." IpcConnect, both 90 "ipcconnect";
    "IPC: server event." IpcEvents, both 91 "ipcevents";
    "IPC: management." IpcMgmt, both 92 "ipcmgmt";
    "IPC: send." IpcSend, both 93 "ipcsend";
    "IPC: receive." IpcReceive, both 94 "ipcreceive";
    "IPC: time-out." IpcTimeout, both 95 "ipctimeout";
    "IPC: enqueue." EnqueueFailed, both 96 "enqueuefailed";
    "IPC: dequeue." DequeueFailed, both 97 "dequeuefailed";
    "Shutting down." ShuttingDown, both 98 "shuttingdown";
    "Trust chain does not validate." CouldNotValidateTrustChain, both 99 "couldnotvalidatetrustchain";
    "Reservation authorization code already installed." ReservationAlreadyInstalled, both 100 "reservationalreadyinstalled";
    "Reservation authorization code cannot be parsed." ReservationInstallParseFail, both 101 "reservationinstallparsefail";
    "Base64 encoding failed." Base64Encoding, both 102 "base64encoding";
    "Base64 decoding failed." Base64Decoding, both 103 "base64decoding";
    "No UUID inside the software id tag." InvalidSoftwareIdTag, both 104 "invalidsoftwareidtag";
    "Development certificates under a production root." CertificateMismatch, both 105 "certificatemismatch";
    "No reservation." NoReservation, both 106 "noreservation";
    "Agent process unreachable." AgentUnreachable, both 107 "agentunreachable";
    "Event ignored." IgnoreEvent, both 108 "ignoreevent";
    "Base58: number too large." B58Overflow, both 109 "b58overflow";
    "Base58: decoding failed." B58Decode, both 110 "b58decode";
    "Base58: wrong length." B58BadLen, both 111 "b58badlen";
    "Base58: invalid digit." B58InvDigit, both 112 "b58invdigit";
    "Base58: overflow while decoding." B58DecodeOverflow, both 113 "b58decodeoverflow";
    "Reservation version out of bounds." ReservationVersionOutOfBound, both 114 "reservationversionoutofbound";
    "Base58: encoding failed." Base58Encode, both 115 "base58encode";
    "Peer added twice (application HA)." DuplicatedEntry, both 116 "duplicatedentry";
    "Peer to remove is missing (application HA)." MissingEntry, both 117 "missingentry";
    "Peer data in a wrong format." BadPeerInfoFormat, both 118 "badpeerinfoformat";
    "Application HA attributes incomplete." BadApplicationHaAttributeDataSet, both 119 "badapplicationhaattributedataset";
    "Reservation under way." ReservationInProgress, both 120 "reservationinprogress";
    "Device manager handle not created." XdmCreateHandle, both 121 "xdmcreatehandle";
    "Entitlement answer carries another version than the one stored." VersionMismatchInEntitlementRsp, both 122 "versionmismatchinentitlementrsp";
    "HA role not supported here (only Active and Standby)." HaRoleNotSupported, both 123 "harolenotsupported";
    "Application HA attribute has a character that is not alphanumeric." AppHaInvalidCharacter, both 124 "apphainvalidcharacter";
    "Peer is this same device." AppHaAddPeerFromSameDevice, both 125 "apphaaddpeerfromsamedevice";
    "Same tag, HA name and HA id on another handle." AppHaAppDuplicatedInstance, both 126 "apphaappduplicatedinstance";
    "Server does not know the message version with application HA." VersionMismatchInRegResponse, both 127 "versionmismatchinregresponse";
    "Conversion: no callback registered." ConversionNoCb, both 128 "conversionnocb";
    "Conversion: not allowed by the platform." ConversionNotAllowed, both 129 "conversionnotallowed";
    "Conversion: under way." ConversionInProgress, both 130 "conversioninprogress";
    "Conversion: started already." ConversionAlreadyStarted, both 131 "conversionalreadystarted";
    "Conversion: not enabled." ConversionNotEnabled, both 132 "conversionnotenabled";
    "Conversion: not supported by the server." VersionConversionNotSupported, both 133 "versionconversionnotsupported";
    "Conversion: none under way." NoConversionInProgress, both 134 "noconversioninprogress";
    "OpenSSL version differs from the one built for." CryptoVersionMismatch, both 135 "cryptoversionmismatch";
    "Conversion: some jobs stopped." ConversionStoppedPartially, both 136 "conversionstoppedpartially";
    "Not possible while utility mode is on." UtilityEnabled, both 137 "utilityenabled";
    "Utility mode is off." UtilityNotEnabled, both 138 "utilitynotenabled";
    "Transport layer not available." TransportNotAvailable, both 139 "transportnotavailable";
    "Own host name unknown." Fqdn, both 140 "fqdn";
    "Not possible with this transport." ThirdParty, both 141 "thirdparty";
    "Needed transport not configured." TransportType, both 142 "transporttype";
    "Item not found." RequestedItemNotFound, xe 143 "requesteditemnotfound";
    "A needed transport setting is missing." TransportConfig, xr 143 "transportconfig";
    "No reservation authorization code installed." NoReservationAuthCode, xe 144 "noreservationauthcode";
    "IPC version differs." IpcMsgVersion, xr 144 "IPCMsgVersion";
    "IPC feature not available." IpcFeatureDisabled, xr 145 "IPCFeatureDisabled";
    "Other side does not know this error code." IpcErrorCode, xr 146 "IPCErrorCode";
    "Entitlement not authorized: tag absent from the code, count too small, or export tag without authorization." NotAuthorized, xr 147 "NotAuthorized";
    "Export allowed globally, export calls not needed." ExportAllowed, xr 148 "ExportAllowed";
    "Tag is not export restricted." NotExportRestricted, xr 149 "NotExportRestricted";
    "No export key to return." NoKey, xr 150 "NoKey";
    "Operation under way already; the normal answer of an online request." OperationInProgress, xr 151 "OperationInProgress";
    "Meta file holds no code for the devices of this stack." ReservationNoAuthCodeFound, xr 152 "ReservationNoAuthCodeFound";
    "Code was used before." PreviouslyInstalled, xr 153 "PreviouslyInstalled";
    "Tag is export restricted." IsExportRestricted, xr 154 "IsExportRestricted";
    "Export authorization keys installed." ExportRestrictedAuth, xr 155 "ExportRestrictedAuth";
    "No export request or return under way." NoOperation, xr 156 "NoOperation";
    "Message too large." MsgSizeExceed, xr 157 "MsgSizeExceed";
    "Telemetry off." TelemetryNotEnabled, xr 158 "TelemetryNotEnabled";
    "No URL configured." NoUrl, xr 159 "NoURL";
    "Export key request under way." AuthKeyRequestInProgress, xr 160 "AuthKeyRequestInProgress";
    "Export key return under way." AuthKeyReturnInProgress, xr 161 "AuthKeyReturnInProgress";
    "Server asks to try again." ErrorOkTryAgain, xr 162 "ErrorOkTryAgain";
    "Entitlement request differs." MismatchEntitlementRequest, xr 163 "MismatchEntitlementRequest";
    "Wrong kind of authorization code for this operation." InvalidAuthCodeType, xr 164 "InvalidAuthCodeType";
    "XML lacks an expected node." InvalidXml, xr 165 "InvalidXML";
    "Lock: held by this thread." ThreadDeadLock, xr 166 "ThreadDeadLock";
    "Lock: initialized twice." MutexPreviouslyInit, xr 167 "MutexPreviouslyInit";
    "Lock: invalid." MutexInvalid, xr 168 "MutexInvalid";
    "Lock: busy." MutexBusy, xr 169 "MutexBusy";
    "Lock: held by another thread." MutexNotOwner, xr 170 "MutexNotOwner";
    "Enforced or export restricted licence is in use." LicenseInUse, xr 171 "LicenseInUse";
    "Data could not be written to the file." FailedToStoreInTheFile, xr 172 "FailedToStoreInTheFile";
    "Trust code installed already (raised when a trust request is made)." TrustCodeAlreadyInstalled, xr 173 "TrustCodeAlreadyInstalled";
}
