"""Account statements as banks write them (CAMT.053, version 8)."""

IBAN = "DE02500105170137075030"
_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


def statement(*entries: str, iban: str = IBAN, head: str = "") -> bytes:
    """A whole file."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<Document xmlns="{_NAMESPACE}"><BkToCstmrStmt><GrpHdr><MsgId>M'
        f"</MsgId></GrpHdr><Stmt><Id>S</Id><Acct><Id><IBAN>{iban}</IBAN></Id></Acct>{''.join(entries)}</Stmt>"
        "</BkToCstmrStmt></Document>"
    ).encode()


def entry(
    amount: str,
    ref: str,
    *details: str,
    credit: bool = True,
    status: str = "BOOK",
    currency: str = "EUR",
    reversal: bool = False,
) -> str:
    """One entry with its transactions."""
    kind = "CRDT" if credit else "DBIT"
    own = f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else ""
    back = "<RvslInd>true</RvslInd>" if reversal else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{kind}</CdtDbtInd>{back}<Sts><Cd>{status}</Cd></Sts>'
        f"<BookgDt><Dt>2027-01-15</Dt></BookgDt>{own}<NtryDtls>{''.join(details)}</NtryDtls></Ntry>"
    )


def details(
    reference: str = "",
    text: str = "",
    end_to_end: str = "",
    amount: str = "",
    ref: str = "",
    reason: str = "",
    payer: tuple[str, str] | None = None,
) -> str:
    """One transaction."""
    refs = (f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else "") + (
        f"<EndToEndId>{end_to_end}</EndToEndId>" if end_to_end else ""
    )
    structured = f"<Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd>" if reference else ""
    free = f"<Ustrd>{text}</Ustrd>" if text else ""
    sum_ = f'<Amt Ccy="EUR">{amount}</Amt>' if amount else ""
    why = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else ""
    people = (
        f"<RltdPties><Dbtr><Pty><Nm>{payer[0]}</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>{payer[1]}</IBAN></Id></DbtrAcct>"
        "</RltdPties>"
        if payer
        else ""
    )
    return f"<TxDtls><Refs>{refs}</Refs>{sum_}{people}<RmtInf>{structured}{free}</RmtInf>{why}</TxDtls>"
