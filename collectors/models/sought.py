"""Functions of the database that look up ids by an index, for migrations."""

from __future__ import annotations


def sought(name: str, given: str, query: str, of_some: str = "", gives: str = "setof bigint") -> str:
    """A function that returns ids, or what else it gives. query has {{seen}} where the reader's accounts are asked for. of_some:
    what is asked in its place where a reader sees some accounts, if that is another question.

    Row-level security keeps such an index from those who see some accounts: whether a row matches might tell of other rows. So
    this looks with the owner's rights, for the accounts that the transaction names, and gives ids alone, which the reader still
    reads under those policies. plpgsql's execute, since what is frequent is found sooner without the index: the planner must
    see the text.
    """
    names = [one.split()[0] for one in given.split(", ")]
    using, n = ", ".join(names), len(names)
    of_all, of_these = query, of_some or query
    for number, one in enumerate(names, 1):
        of_all, of_these = (text.replace(f":{one}", f"${number}") for text in (of_all, of_these))
    return f"""
create function {name}({given}) returns {gives} language plpgsql stable security definer
set search_path = public, pg_temp as $$
begin
  if current_setting('role') = 'iamdash_all' or (current_setting('role') = 'none' and session_user = current_user) then
    return query execute $q$ {of_all.format(seen="true")} $q$ using {using};
  else
    return query execute $q$ {of_these.format(seen=f"account_id = any (${n + 1})")} $q$
    using {using}, nullif(current_setting('iamdash.accounts', true), '')::bigint[];
  end if;
end $$;
revoke execute on function {name} from public;
"""
