"""Near-duplicate texts among millions, by one rule for every two texts, each pair confirmed.

    rule        when two texts are near-duplicates
    keys        texts -> keys (hashes of runs of words)
    search      keys -> pairs and crowds worth comparing -> confirmed pairs -> a collector
    stages      the parts of a search that an engine can do elsewhere
    crowds      many texts that share a key, by the bounds of `all_pairs` on their `letters`
    collectors  the earliest near-duplicate of each text; or which texts are connected
    indel       the similarity of two texts
    guard       which questions are different whatever their text
    pairs       the questions of a run -> the earlier one that each repeats
    spill       what is too large for memory waits on disk

Filters, the card's near-duplicate rate and splits all ask here, so that they mean the same by "nearly".
"""
