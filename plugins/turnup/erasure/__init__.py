"""Erasing drives, and proving it: everything about it that is independent of a flow.

Before a server goes down (on the running system, which has no agent):

    drives.read(lsblk's output)                  -> the drives, for the seal          drives.LSBLK is the command
    sealed_list.SealedList(run, site, servers)   -> .sha256, .document()

In the acceptance image, over SSH:

    `turnup-wipe inventory`                      -> drives and capabilities
    choice.choose(drive, capabilities, asked)    -> Choice | CannotDo(why, weaker_option)
    ordering.order(seal, serial, choices, ...)   -> Order; NotSealed where they are not exactly the sealed drives
    signing.sign(orders.KIND, order.document(), key)
    `turnup-prove before ORDER`                  only where a drive of the order has read_back `changed`
    `turnup-wipe start ORDER`, `status`, `stop`  the wipe, detached
    `turnup-prove start ORDER`, `status`         the proof, detached

Afterwards:

    outcomes.outcomes(order, states, proofs)     -> one Outcome a drive; wiped only if that is proven
    outcomes.shred(order, rack, unit, found)     -> the pull-and-shred list
    certificates.of_drive(...), of_run(...)      -> documents; signing.sign(certificates.RUN, ...) ; page.page(signed)
    verification.why_bad(signed, key, seal)      -> () or every reason; `turnup-certificate verify` is the same

`agent` and `prover` are the two programs; `payload` packs them for the image. They, and what they import of this package, run on
the server, under Python 3.11 with its standard library alone. docs/erasure.md says the rest.
"""
