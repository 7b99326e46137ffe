"""What the database asks before a plan version leaves draft, whoever writes: the SQL of the signing trigger."""

from __future__ import annotations

# One row per planned item: what it is now, and what the last check of it saw. Alternatives are shown, not planned.
_ITEMS = """
    SELECT i.id AS technique_id, NULL::bigint AS exercise_id, t.key, i.region, i.side, p.number, i.safety
    FROM plans_plantechnique i
    JOIN plans_planphase p ON p.id = i.phase_id
    JOIN plans_technique t ON t.id = i.technique_id
    WHERE p.version_id = NEW.id AND NOT i.is_alternative
    UNION ALL
    SELECT NULL, i.id, e.key, i.region, i.side, p.number, i.safety
    FROM plans_planexercise i
    JOIN plans_planphase p ON p.id = i.phase_id
    JOIN exercises_exercise e ON e.id = i.exercise_id
    WHERE p.version_id = NEW.id
"""

# A check counts when it is the last one, of this item as it stands, on the facts and knowledge of this version.
_CHECKED = """
    c.version_id = NEW.id AND c.key = i.key AND c.region = i.region AND c.side = i.side AND c.phase = i.number
    AND c.verdict = i.safety AND c.facts_hash = NEW.facts_hash AND c.knowledge_revision = NEW.knowledge_revision
"""

# An override counts when it is of this item, version and patient, for the rule that blocks, by someone who may treat
# on the day of the signature. The day is the signer's own: a day of grace spans the time zones.
_OVERRIDDEN = """
    SELECT 1 FROM plans_override o
    JOIN clinic_practitioner h ON h.id = o.by_id
    JOIN clinic_user u ON u.id = h.user_id
    WHERE (o.technique_item_id = i.technique_id OR o.exercise_item_id = i.exercise_id)
      AND o.version_id = NEW.id AND o.patient_id = v_patient AND o.rule = i.rule
      AND u.is_active AND h.licence_valid_until >= (NEW.signed_at AT TIME ZONE 'UTC')::date - 1
"""

SIGNING_GATE = """
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'a plan version begins as a draft' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state = 'draft' AND NEW.state = 'signed' THEN
        IF NEW.disposition IN ('emergency_now', 'urgent_same_day') OR NEW.start_phase IS NULL THEN
            RAISE EXCEPTION 'this version may not be released: %', NEW.disposition
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        SELECT e.patient_id INTO v_patient FROM plans_plan l JOIN clinic_episode e ON e.id = l.episode_id
            WHERE l.id = NEW.plan_id;
        SELECT i.key, i.safety, COALESCE(i.checked, FALSE) AS checked INTO refused FROM (
            SELECT i.*, c.checked, c.rule FROM (_ITEMS_) i LEFT JOIN LATERAL (
                SELECT (_CHECKED_) AS checked, c.rule FROM plans_safetycheck c
                WHERE c.technique_item_id = i.technique_id OR c.exercise_item_id = i.exercise_id
                ORDER BY c.id DESC LIMIT 1
            ) c ON TRUE
        ) i
        WHERE NOT COALESCE(i.checked, FALSE)
           OR i.safety NOT IN ('clear', 'precaution', 'blocked_overridable')
           OR (i.safety = 'blocked_overridable' AND NOT EXISTS (_OVERRIDDEN_))
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION '% may not be signed: %', refused.key, CASE WHEN refused.checked
                THEN refused.safety || ' without a valid override' ELSE 'no safety check of it as it stands' END
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF EXISTS (SELECT 1 FROM clinic_factchange f WHERE f.patient_id = v_patient AND f.settled_at IS NULL) THEN
            RAISE EXCEPTION 'a new fact of the patient was not screened yet'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NOT EXISTS (
            SELECT 1 FROM clinic_signature s WHERE s.kind = 'plan_version' AND s.object_id = NEW.id
              AND s.content_hash = NEW.content_hash AND s.signed_at = NEW.signed_at
        ) THEN
            RAISE EXCEPTION 'the signature of this version is not in the chain'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state = 'draft' AND NEW.state <> 'draft' THEN
        RAISE EXCEPTION 'a draft is signed or thrown away' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'superseded' AND NEW.state <> 'superseded' THEN
        RAISE EXCEPTION 'a superseded version does not come back' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> 'draft' AND (to_jsonb(NEW) - 'state') IS DISTINCT FROM (to_jsonb(OLD) - 'state') THEN
        RAISE EXCEPTION 'signed content never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> 'draft' AND NEW.state = 'draft' THEN
        RAISE EXCEPTION 'a signed version does not become a draft again'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""
SIGNING_GATE = (
    SIGNING_GATE.replace("_ITEMS_", _ITEMS).replace("_CHECKED_", _CHECKED).replace("_OVERRIDDEN_", _OVERRIDDEN)
)
