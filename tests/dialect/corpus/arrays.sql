-- Arrays, set-returning functions, json.

SELECT ARRAY[1, 2, 3], ARRAY['a', NULL, 'b c', '', 'null', 'x,y', 'q"'], ARRAY[]::int[], ARRAY[1.5, 2], ARRAY[true, false], '{1,2,NULL}'::int[], '{"a b",c}'::text[], ARRAY[date '2020-01-01'], ARRAY[1, 2.25]::numeric[];
SELECT tags, nums, tags[1], nums[2], nums[0], nums[-1], nums[10], tags[NULL] FROM people ORDER BY id;
SELECT nums[1:2], nums[2:], nums[:2], nums[0:1], nums[3:2], nums[-5:1] FROM people ORDER BY id;
SELECT array_length(nums, 1), array_length(nums, 2), cardinality(nums), array_upper(nums, 1), array_lower(nums, 1), array_ndims(nums) FROM people ORDER BY id;
SELECT nums || 9, 9 || nums, nums || ARRAY[1], nums || NULL::int, array_append(nums, 1), array_prepend(1, nums), array_cat(nums, nums), nums || '{7,8}' FROM people ORDER BY id;
SELECT 2 = ANY (nums), 2 <> ALL (nums), 2 > ANY (nums), NULL = ANY (nums), 'a' = ANY (tags), age = ANY (ARRAY[30, NULL]), 1 = ANY ('{1,2}') FROM people ORDER BY id;
SELECT nums @> ARRAY[2], nums <@ ARRAY[1, 2, 3, 5], nums && ARRAY[5, 7], tags @> '{a}', nums = ARRAY[1, 2, 3], nums < ARRAY[2], nums <> '{}' FROM people ORDER BY id;
SELECT nums @> ARRAY[NULL]::int[], ARRAY[NULL, 1] @> ARRAY[1], ARRAY[1, NULL] && ARRAY[NULL]::int[], ARRAY[]::int[] <@ nums FROM people ORDER BY id;
SELECT array_position(nums, 2), array_positions(nums, 2), array_remove(nums, 2), array_replace(nums, 2, 20), array_position(tags, NULL) FROM people ORDER BY id;
SELECT array_to_string(nums, ','), array_to_string(tags, '-', '*'), array_to_string(tags, NULL), array_to_string(ARRAY[1.5, 2.25], '|') FROM people ORDER BY id;
SELECT string_to_array('a,b,,c', ','), string_to_array('', ','), string_to_array('abc', NULL), string_to_array('abc', ''), string_to_array(name, ' ') FROM people ORDER BY id;
SELECT unnest(ARRAY[1, 2, 3]);
SELECT unnest(ARRAY['a', NULL]), unnest(ARRAY[1, 2, 3]);
SELECT id, unnest(nums) FROM people ORDER BY id, 2;
SELECT id, u FROM people, unnest(tags) u ORDER BY id, u;
SELECT id, u, n FROM people LEFT JOIN LATERAL unnest(nums) WITH ORDINALITY AS t (u, n) ON true ORDER BY id, n;
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) AS t (x, y);
SELECT * FROM unnest(ARRAY['x', 'y']) WITH ORDINALITY;
SELECT * FROM generate_series(1, 5);
SELECT g, g * 2 FROM generate_series(10, 1, -3) AS g;
SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS t (v, o);
SELECT generate_series(1, 3) AS n, 'x';
SELECT generate_series(1, 2), generate_series(1, 3);
SELECT g FROM generate_series(1, 0) g;
SELECT generate_series(1, 3, 0);
SELECT * FROM generate_series(1, NULL);
SELECT id, g FROM people, generate_series(1, people.id) g WHERE id < 4 ORDER BY 1, 2;
SELECT count(*) FROM generate_series(1, 100000);
SELECT sum(g) FROM generate_series(1::int8, 1000) g;
SELECT ARRAY(SELECT id FROM people ORDER BY id DESC), ARRAY(SELECT id FROM people WHERE false);
SELECT id, ARRAY(SELECT s.id FROM sales s WHERE s.person = p.id ORDER BY s.id) FROM people p ORDER BY id;
SELECT (array_agg(id ORDER BY id))[2:3], (ARRAY[1, 2, 3])[2], (array_agg(name ORDER BY id))[1] FROM people;
SELECT id, count(*) FROM (SELECT id, unnest(nums) AS n FROM people) q GROUP BY id ORDER BY id;
SELECT nums::text[], tags::varchar[], '{1,2}'::text::text, ARRAY[1, 2]::float8[] FROM people ORDER BY id;
SELECT DISTINCT nums FROM people ORDER BY nums;
SELECT nums, count(*) FROM people GROUP BY nums ORDER BY nums NULLS FIRST;
SELECT max(nums), min(tags) FROM people;
SELECT coalesce(nums, '{}'), coalesce(tags, ARRAY['none']) FROM people ORDER BY id;
SELECT CASE WHEN id > 3 THEN nums ELSE ARRAY[0] END FROM people ORDER BY id;
SELECT ARRAY[balance, 1], ARRAY[price, discount] FROM people, sales WHERE people.id = sales.id ORDER BY people.id;
-- refused
SELECT ARRAY[[1, 2], [3, 4]];
-- refused
SELECT '{"a": 1}'::jsonb = '{"a": 1}';
-- refused
SELECT json_build_object('a', 1);
-- refused
SELECT row_to_json(people) FROM people;
-- refused
SELECT array_agg(nums) FROM people;
