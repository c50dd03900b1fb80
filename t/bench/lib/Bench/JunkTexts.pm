package Bench::JunkTexts;

# What the messages of JunkCorpus.pm say. "{a|b}" is one of them, also nested;
# <slot> is filled by the corpus: names of the sender, of the reader, words of
# a topic, amounts, links.

use strict;
use warnings;
use utf8;

# What people and lists talk about: nouns; verbs.
our %topic = (
	garden => ['tomato seedlings,compost,greenhouse,raised beds,mulch,slugs,pruning shears,irrigation hose,rhubarb,apple tree,soil samples,beans',
	    'plant,water,prune,harvest,weed,dig over'],
	choir => ['rehearsal,second tenor,scores,requiem,accompanist,concert programme,church acoustics,altos,encore,metronome,sheet music,conductor',
	    'rehearse,sing,transpose,print,learn,perform'],
	kernel => ['scheduler,spinlock,page fault,device tree,regression,patch series,bisect,memory leak,stack trace,driver,mutex,cache line',
	    'apply,revert,bisect,review,merge,rebase'],
	school => ['homework,parents evening,field trip,maths test,school bus,lunch money,teacher,reading list,science fair,timetable,gym kit,classroom',
	    'sign,bring,collect,prepare,attend,hand in'],
	house => ['boiler,plumber,roof tiles,kitchen worktop,insulation,radiator,tiling,window frames,drain,fuse box,paint,gutter',
	    'repair,replace,measure,paint,install,inspect'],
	sales => ['quarterly forecast,pipeline,contract draft,renewal,purchase order,customer visit,price list,margin,quote,tender,delivery date,framework agreement',
	    'sign off,negotiate,forecast,confirm,revise,present'],
	research => ['manuscript,reviewer two,dataset,figure three,supplementary material,regression model,grant proposal,sample size,confidence interval,preprint,citation,cohort',
	    'submit,resubmit,analyse,replicate,cite,plot'],
	football => ['home match,referee,offside trap,goalkeeper,training ground,league table,away kit,midfield,penalty,season tickets,half time,substitutes',
	    'train,defend,score,play,watch,coach'],
	travel => ['train tickets,hostel,boarding pass,itinerary,ferry,mountain hut,passport,luggage,rental car,campsite,museum,night bus',
	    'book,cancel,visit,pack,drive,check in'],
	cooking => ['sourdough,lentil soup,oven temperature,garlic,cast iron pan,risotto,dumplings,vinaigrette,leftovers,spice rack,yeast,apple crumble',
	    'bake,simmer,chop,knead,season,serve'],
	software => ['pull request,unit tests,release branch,database migration,login page,feature flag,staging server,log files,API endpoint,dependency update,ticket,deployment',
	    'deploy,refactor,test,release,document,fix'],
	health => ['physiotherapist,appointment,blood test,prescription,knee,dentist,vaccination,check-up,insurance form,waiting room,X-ray,surgery',
	    'see,call,reschedule,ask,book,visit'],
	club => ['annual meeting,minutes,treasurer,membership fees,clubhouse,agenda,newsletter,election,auditors,summer party,statutes,volunteers',
	    'elect,vote on,organise,minute,approve,invite'],
	photo => ['tripod,exposure,wide angle lens,darkroom,negatives,memory card,portrait,aperture,raw files,sunset,print,album',
	    'shoot,crop,develop,print,scan,expose'],
	law => ['tenancy agreement,notice period,solicitor,clause seven,deposit,hearing,witness statement,power of attorney,appendix,deadline,signature page,counterparty',
	    'sign,review,amend,file,witness,notarise'],
	cars => ['brake pads,winter tyres,MOT,oil filter,exhaust,service book,garage,clutch,battery,spark plugs,mileage,tow bar',
	    'replace,service,drive,repair,check,tow'],
);

our @opening = split /\n/, <<'END';
{Hi|Hello|Hey|Dear} <you>,
<you>,
{Good morning|Morning|Good evening} <you>,
{Hi all|Dear all|Hello everyone|Folks},

END

our @closing = split /\n/, <<'END';
{Cheers|Best|Best wishes|Kind regards|Regards|Thanks|Many thanks|See you soon|Take care|Yours|Love},\n<me>
<me>
{Talk soon|Speak tomorrow|See you on <day>}!\n<me>
-- \n<me>\n<title>, <firm>\n{Phone|Tel}: <phone>
END

our @talk = split /\n/, <<'END';
{I think|I guess|It seems|As far as I can see|To be honest,} we {should|could|need to|have to} <verb> the <noun> {before|by|after|on} <day>.
{Did you|Have you had a chance to|Could you|Would you mind if we} {look at|think about|talk about} the <noun>{ again| at all| yet|}?
The <noun> {looks good|is not quite right|was late again|worked out fine|is still missing|turned out well}, {but|so|and} {I have not seen|we still have|nobody mentioned|there is also} the <noun>.
{Last week|Yesterday|On <day>|This morning} {I|we|<other>} {tried to|managed to|forgot to} <verb> the <noun>{ and the <noun>|}.
{Please find|I have attached|Attached is|Here is} the {latest|revised|first|second} version {of|about} the <noun>.
{Can you|Could somebody|Who can} {bring|send me|check} the <noun> {tomorrow|on <day>|next week|when you have a minute}?
{By the way|Also|One more thing|Oh, and}: the <noun> {costs|cost|would cost} {about |} <price>, which {is fine|seems a lot|is less than I thought}.
<other> {said|told me|mentioned|wrote} that the <noun> {is|was|will be} {ready|delayed|cancelled|moved to <day>|much better than last year}.
{Let me know|Tell me|Drop me a line} {if|when|whether} {that|<day>|the new date} {works|suits you|is all right}.
{I'm|We're} {not sure|happy|a bit worried|curious|confident} about the <noun>; {maybe|perhaps} {you're|<other> is} {right|the one to ask}.
{Don't|Please don't} {forget|worry about} the <noun>{, it's|; that's} {all sorted|on my list|<other>'s job}.
{It took|That took} {ages|two hours|the whole afternoon|less time than I feared} to <verb> the <noun>.
{What|How} about {meeting|a call|lunch|coffee} on <day> {at <hour>|in the afternoon|after work} to <verb> the <noun>?
{My|Our|<other>'s} {sister|neighbour|colleague|boss|son} {wants|would like|offered} to <verb> the <noun> {too|as well|for us}.
{If|Unless} {nobody objects|it rains|<other> is ill|we hear otherwise}, I'll <verb> the <noun> {myself|on <day>|over the weekend}.
{Thanks|Thank you} {so much |}for {the <noun>|your help with the <noun>|coming on <day>|your patience}.
{I've|We've} {finally|just|almost} {finished|started|ordered|found} the <noun>.
{Sorry|Apologies} for {the late reply|the delay|the short notice|my silence} - {it has been|things were} {busy|hectic|crazy} {here|at work|with the <noun>}.
See <link> for {details|the photos|the draft|directions|what I mean}.
The {deadline|date|time} {is|was moved to} <day>{, <hour>|}.
END

our @short = split /\n/, <<'END';
{ok|OK|Okay}, {thanks|fine|see you then|great}!
{Running|I'm} {10|15|20} minutes late, sorry.
{Yes|No|Not yet|Sure}, {will do|tomorrow|I'll ask <other>|call me later}.
Can you {call me|ring me} {back|when you get this|after <hour>}?
{Did you get|Any news on|What about} the <noun>?
<link>
{Look at this|Seen this?|For you}: <link>
{Happy birthday|Congratulations}, <you>!!
{Where are you?|Are you at home?|Are you coming?|Are you in the office today?}
END

# What machines of firms send to customers.  [subject, text]
our @transaction = (
	['{Your|Confirmation of your} <firm> order {#|no. |}<number>{ has shipped|| is on its way}',
	    "{Hello|Dear|Hi} <you>,\n\n{thank you for your order|good news: your order is on its way|we have received your order}.\n\nOrder {number|no.}: <number>\n{Item|Items}: <noun>, <noun>\nTotal: <price> (incl. VAT)\n{Delivery|Shipping} address: <street>\n\n{Track your parcel|View your order|Manage your order}: <link>\n\n{Questions? Reply to this message or call <phone>.|Our customer service is happy to help.}\n<firm>"],
	['{Invoice|Your invoice|Statement} <number> {from <firm>|is ready|for <month>}',
	    "{Dear <you>|Dear customer},\n\nyour {invoice|statement} <number> {of|over} <price> is {attached|available in your account}. {The amount will be debited on <day>|Please pay within 14 days|Payment is due by <day>}.\n\n<link>\n\n{Account|Customer} number: <number>\n\n{Kind regards|Yours sincerely}\n<firm> accounts"],
	['{Reset your <firm> password|Your <firm> verification code|New sign-in to your <firm> account|Confirm your e-mail address}',
	    "{Hi|Hello} <you>,\n\n{someone (hopefully you) asked to reset the password|we noticed a new sign-in|please confirm your address} {of|to|for} your <firm> account{ from <city>| on <day> at <hour>|}.\n\n{Code: <number>|<link>}\n\n{If this was not you, ignore this message|The link expires in 24 hours|If you did not do this, change your password}.\nThe <firm> team"],
	['{Your|Reminder: your} {appointment|booking|reservation} {on <day>|at <firm>}',
	    "Dear <you>,\n\nthis is {a reminder of|to confirm} your {appointment|booking} on <day> at <hour>, <street>.\n\n{To change or cancel|Manage your booking}: <link>\n\n{We look forward to seeing you|See you soon}!\n<firm>"],
	['<firm>: {your account statement|your card was used|payment received|direct debit}',
	    "Dear <you>,\n\n{a payment of <price> was made with your card|we received your payment of <price>|your statement for <month> is ready} {on <day>|at <firm2>|}.\n\n{Sign in|Log in} to your account as usual to see {the details|all transactions}. We never ask for your password by e-mail.\n\n<firm>"],
	['{[<system>]|<system>:} {build|backup|job|check} <number> {passed|failed|finished|recovered}',
	    "{Build|Job|Host|Check}: <system>-<number>\nStatus: {OK|FAILED|WARNING|RECOVERED}\nDuration: <number> s\nChanges: <noun>; <noun>\n\n<link>\n"],
);

our @newsletter = (
	'{This week|New this month|Just in|The new season is here}: <noun>, <noun> and <noun>.',
	'{Save|Get} {10|15|20|25|30} % {off|on} {all <noun>|selected <noun>|your next order} {until <day>|this weekend only|with the code <code>}.',
	'{Free delivery|Free shipping} {on orders over|from} <price>.',
	'{Read more|Shop now|Discover more|See the collection|Find out how}: <link>',
	'{How to|Five ways to|Our guide:} <verb> the <noun> {like a pro|in a weekend|without stress}.',
	'{Members|Subscribers|Our regular customers} {get|receive} {early access|double points|a free <noun>}.',
	'{Limited offer|Last chance|Only a few left|Sale ends <day>}: <noun> {now|from} <price>.',
	'{We opened|Visit us in} {a new shop|our store} in <city>, <street>.',
);
our @newsletter_end = (
	"You {receive|are getting} this because you {subscribed|signed up|are a customer}. {Unsubscribe|Manage preferences}: <link>\n<firm>, <street>",
	"<firm> | <street> | {To unsubscribe click here|No more e-mail? Unsubscribe}: <link>",
);

# Kinds of spam: [weight, subject, sentences, how it is dressed]
our %spam = (
	pills => [9, '{Cheap|Best|Genuine|Discount} {meds|pills|V1agra|\/iagra|Cialis|medication} {online|no prescription|70% off|<code>}',
	    ['{Buy|Order|Get} {generic |}{Viagra|Cialis|Levitra|Xanax|Tramadol|sildenafil} {without prescription|from <price>|at 80% discount|today}!',
	    '{Save|You save} {up to |}{70|80|85}% on {all|brand name} {meds|drugs|medications|pills}. {Worldwide|Discreet|Free} shipping.',
	    '{Licensed|Canadian|Trusted|Online} pharmacy, {no prior prescription|fast delivery|100% satisfaction|secure checkout}.',
	    '{Enhance|Improve|Boost} your {performance|stamina|manhood|bedroom life} {tonight|in 15 minutes|naturally}.',
	    '{Click here|Order now|Visit us}: <link>'], 'obfuscate html'],
	fund => [7, '{URGENT|Confidential|Business proposal|From the desk of <me>|Inheritance of <big>|Your fund}',
	    ['{Dear friend|Dear beneficiary|Attention|Greetings in the name of God}, I am {Barrister|Dr.|Mrs.|Engineer} <me> {of|from} {Lagos|Ouagadougou|Hong Kong|London|Abidjan}.',
	    'I {write|contact you} {in respect of|regarding} {the sum|a deposit|an inheritance} of <big> {left by a deceased customer|in a dormant account|of my late husband}.',
	    '{You will receive|Your share is|We shall share} {40|35|50}% of the {total|fund} {for your assistance|as next of kin|on transfer}.',
	    '{Kindly|Please} {reply|send} {with |}your full name, {address|telephone number|bank details|occupation} and {age|a copy of your passport}.',
	    'This {transaction|business} is {100% risk free|strictly confidential|legal and safe}. {God bless you|Treat as urgent|I await your reply}.'], 'plain freemail'],
	phish => [14, '{Your|Important: your} <brand> {account|parcel|mailbox|card} {has been limited|could not be delivered|is almost full|was suspended|needs verification}',
	    ['{Dear customer|Dear <address>|Hello|Dear user},',
	    'We {noticed|detected} {unusual activity|a sign-in from a new device|a problem with your payment|that your mailbox exceeded its quota} {on|in} your <brand> account.',
	    '{Please|You must|Kindly} {verify|confirm|update} your {details|identity|billing information|password} within {24|48|72} hours {to avoid suspension|or your account will be closed|to restore access}.',
	    '{Verify now|Sign in|Update my account|Release messages|Reschedule delivery}: <link>',
	    '{Thank you|Regards|Sincerely},\n<brand> {security team|support|customer service|IT help desk}'], 'html lookalike'],
	market => [12, '{Grow|Increase|Boost} your {traffic|sales|ranking|revenue} {by 300%|today|with <me>}',
	    ['{Hi|Hello|Dear} {there|sir/madam|business owner|team},',
	    'I {was on|visited|came across} your website and {noticed|found} it {is not ranking|has several SEO errors|could get more traffic}.',
	    'We {offer|provide} {SEO|web design|mobile app development|guest posts|email lists|lead generation} {packages |}{from <price>|at affordable prices|with guaranteed first page ranking}.',
	    '{May I send|Shall I send|Can I share} you {a quote|our price list|a free audit report|more details}?',
	    '{Interested? Just reply|Reply with your phone number|Let me know your target keywords}.'], 'plain freemail shortlist'],
	bulk => [14, '{LAST CHANCE|Today only|Exclusive offer|Congratulations <address>|Do not miss}: {<gadget>|free <gadget>|<gadget> -70%}',
	    ['{You have been selected|You won|Your chance to win} {for |}{a|our} <gadget>!',
	    '{Get|Claim|Order} your <gadget> {now|today} {for only <price>|with 70% discount|before midnight} and {forget|never pay for} {electricity bills|batteries|expensive gyms|glasses} again.',
	    '{Doctors|Scientists|Experts} {hate|recommend|are shocked by} this {simple trick|new <gadget>|one weird method}.',
	    '{Limited stock|Offer ends today|Only 50 left|100% money back guarantee|Free shipping}! {Shop now|Claim yours|Yes, I want it}: <link>',
	    '{Unsubscribe|To opt out|If you no longer wish to receive these offers}: <link>'], 'html newsletter'],
	coin => [9, '{Bitcoin|Crypto|Trading} {profit|robot|investment}: {earn|make} <big> {per week|from home|guaranteed}',
	    ['{Ordinary people|Students|Pensioners|A mother of two} {make|earned|withdrew} <big> {in a week|every month|last month} with {this|our} {trading robot|crypto platform|system}.',
	    '{Invest|Deposit} {only |}<price> {today |}and {watch|see} your {money|balance|profit} {grow|double|multiply}{ automatically|}.',
	    '{No experience|No risk|Guaranteed returns|Withdraw any time}. {Our algorithm|The AI|The software} {trades|works} {for you|24/7}.',
	    '{Register|Join|Sign up} {free |}{now|here}: <link>'], 'html'],
	date => [6, '{Hi|Hello} {dear|handsome|sweetie|stranger}{, I saw your photo|| - lonely tonight?}',
	    ['{I am|My name is} <me>, {23|26|29|31} years, {from Russia|living near you|single|looking for a serious man}.',
	    '{I found|I saw} your {profile|e-mail|photo} and {want|would like} to {know you|meet|chat} {better|tonight|soon}.',
	    '{My photos|My private page|Chat with me}: <link>',
	    '{Write me|Answer me} {soon|at <me2>@mail.example}, {kisses|I wait|hugs}.'], 'plain freemail'],
	doc => [8, '{Invoice|Payment advice|Purchase order|Scan|Overdue|Shipping documents} <number>',
	    ['{Dear sir|Good day|Hello|Hi},',
	    '{Please find attached|Kindly check|See attached} the {invoice|payment copy|purchase order|shipping documents} {for your reference|and confirm|as requested}.',
	    '{Enable content to view|Open the attached file|Password: <number>|Kindly revert}.',
	    '{Regards|Best regards|Thanks},\n<me>\n<firm>'], 'attach'],
	extort => [5, '{I know your password|Your account was hacked|You have been recorded|Payment from your account}',
	    ['{I|We} {hacked|got access to} your {device|computer|webcam} {months ago|through a website you visited} and {recorded|filmed} you.',
	    '{Send|Transfer} <price> in {Bitcoin|BTC} to {this wallet|my address}: <wallet>',
	    'You have {48|50|72} hours. {Otherwise|If not,} {I send the video to all your contacts|everybody will see it}.',
	    '{Do not reply|Do not call the police}, {it makes no sense|this address is hacked}. {Change your passwords|Good luck}.'], 'plain'],
	boss => [3, '{Quick task|Request|Are you available?|Urgent}',
	    ['{Hi|Hello} <you>,', '{Are you at your desk?|Are you available?|I need a favour.|Do you have a moment?}',
	    '{I am in a meeting and cannot talk|I can not take calls now}, {reply by e-mail|let me have your mobile number}{ so I can text you|}.',
	    '{I need some gift cards for a client|There is a payment to make today|It is confidential}.',
	    '{Thanks|Regards},\n<boss>'], 'plain freemail'],
	russian => [5, 'Семинар: {налоги|бухгалтерия|оптимизация} {для руководителей|<month>|со скидкой}',
	    ['{Приглашаем|Приглашаем вас} на {семинар|тренинг|вебинар} по {налогам|продажам|логистике}.',
	    '{Стоимость участия|Цена} <number> рублей, {скидка|до конца недели скидка} 20%.', '{Звоните|Запись по телефону}: <phone>',
	    '{Рассылка рекламы|Базы предприятий|Реклама в интернете} {недорого|с гарантией|по вашему региону}.'], 'plain koi8'],
	chinese => [4, '{发票|代开发票|优惠|产品目录} <number>',
	    ['{您好|尊敬的客户}，{我公司|本公司}可{代开|提供}各类{发票|增值税发票}，税率{优惠|低}。', '{联系人|联系电话}：<phone> {陈经理|王小姐|李先生}',
	    '{长期合作|欢迎来电|点数优惠|验证后付款}。'], 'plain gb'],
	image => [4, '{Re: |Fwd: |}{your photo|look|hello|news|<code>}',
	    ['<link>'], 'imageonly'],
);
our @brand = ('PayPaI', 'Amazom', 'DHL Express', 'Microsoft 365', 'Netflix', 'your bank', 'Apple ID', 'Post Parcel', 'webmail', 'Roundcube');
our @gadget = ('solar lamp', 'power saver', 'iPhone 17', 'fat burner gummies', 'night vision glasses', 'air cooler', 'massage gun', 'keto drops', 'drone', 'hearing aid', 'knee brace', 'gift card');
our @name = qw(Anna Ben Carla David Emma Felix Grace Henry Ines Jan Karin Leo Maria Nick Olga Paul Quentin Rita Sam Tina Uwe Vera Will Yara);
our @family = qw(Archer Bianchi Clark Dubois Evans Fischer Garcia Hughes Ivanova Jensen Keller Lopez Martin Novak Olsen Peters Quinn Rossi Schmidt Turner Weber Young);
our @city = qw(Bristol Hamburg Lyon Porto Vienna Utrecht Leeds Gent Turin Basel Malmo Brno);
our @firm = ('Northwind Books', 'Alder & Sons', 'Kestrel Bikes', 'Harbour Coffee', 'Bluebell Energy', 'Merton Bank', 'Foxglove Pharmacy', 'Linden Hotels', 'Quarry Hardware', 'Tern Airlines', 'Pebble Telecom', 'Yarrow Garden', 'Oakfield Insurance', 'Swift Parcel', 'Cobalt Cloud', 'Rowan Tickets');
our @system = qw(nightly ci-main db02 web1 backup jenkins monitor cron);
our @title = ('Project manager', 'Engineer', 'Sales', 'Head of IT', 'Office', 'Assistant');

our %foreign = (
	german => ['{Hallo|Liebe|Guten Morgen} <you>,', '{Ich habe|Wir haben} {gestern|am Wochenende|endlich} {den Termin|die Unterlagen|das Paket} {bekommen|verschickt|gefunden}.',
	    '{Kannst du|Könntest du} {mir|uns} {bitte |}{bis Freitag|morgen|nächste Woche} {Bescheid geben|helfen|zurückrufen}?', '{Es wäre schön|Ich freue mich}, wenn wir uns {bald|im März|am Dienstag} {sehen|treffen}.', '{Viele Grüße|Liebe Grüße|Bis bald},\n<me>'],
	french => ['{Bonjour|Salut|Chère} <you>,', "{J'ai bien reçu|Merci pour} {ton message|les photos|le dossier}, {c'est parfait|je réponds demain}.",
	    '{Pourrais-tu|Est-ce que tu peux} {m\'envoyer|vérifier} {la facture|le programme|les billets} {avant vendredi|cette semaine}?', '{À bientôt|Bien à toi|Bises},\n<me>'],
	spanish => ['{Hola|Buenos días} <you>:', '{Ya tengo|Te mando} {los documentos|las fotos|el informe} de {la reunión|la semana pasada}.',
	    '{¿Puedes|¿Podrías} {llamarme|confirmar} {mañana|el jueves}?', '{Un abrazo|Saludos},\n<me>'],
);
our %foreign_spam = (
	german => ['{Sie haben gewonnen|Exklusives Angebot|Letzte Mahnung}!', '{Sichern Sie sich|Holen Sie sich} {jetzt |}{Ihren Bonus|Ihren Kredit|Ihr Geschenk} {ohne Schufa|gratis|sofort}: <link>',
	    '{Verdienen Sie|Gewinnen Sie} <big> {im Monat|von zu Hause}, {garantiert|ohne Risiko}.', '{Abmelden|Newsletter abbestellen}: <link>'],
	spanish => ['{¡Felicidades|¡Oferta exclusiva}!', '{Gane|Obtenga} <big> {desde casa|al mes} {sin riesgo|con criptomonedas}: <link>', '{Haga clic|Regístrese} {aquí|ahora}: <link>'],
);

# What spam hides among: public sentences of nobody's.
our @padding = split /\n/, <<'END';
The old lighthouse keeper climbed the stairs every evening before the storm.
She put the letter on the table and looked out of the window for a long time.
In the morning the market was full of people, carts and the smell of bread.
Nobody knew where the river began, although everybody had an opinion.
They walked along the canal until the lamps were lit.
The committee will meet again in autumn to discuss the matter.
He had never seen so many birds in one tree.
A small dog followed them from the station to the bridge.
The report describes methods, results and open questions of the survey.
After dinner grandfather told the story of the lost ship again.
The train stopped between two fields, and for a while nothing happened.
Water boils at a lower temperature in the mountains.
The museum has a collection of clocks from three centuries.
Her brother repaired radios in a workshop behind the church.
Children learn the names of trees by collecting their leaves.
END

1;
